/* window.c - the window of a transfer, by how long its blocks take.
 *
 * Happy path: begin -> sent, answered, sent, answered ... The window grows by one block after as
 * many fast answers as it has blocks. A slow answer shrinks it by a quarter; it doesn't shrink
 * again before a block is answered that was sent after that. When blocks take longer for good
 * (another route; a server whose TCP waits for acknowledgements of single blocks), the window falls
 * to its least. There the measure of what is fast follows, so that the window grows again.
 */
#include "transfer/window.h"

void sx_window_begin(struct sx_window *window, unsigned least, unsigned most)
{
    *window = (struct sx_window){.least = least, .most = most, .blocks = least};
}

void sx_window_restart(struct sx_window *window)
{
    window->fast = 0;
    window->judged = 0;
    window->least_us = 0; /* another session may take another route */
}

void sx_window_sent(struct sx_window *window, size_t block, int64_t now_us)
{
    window->sent_us[block % SX_WINDOW_MOST] = now_us;
}

void sx_window_answered(struct sx_window *window, size_t block, size_t last_sent, int64_t now_us)
{
    int64_t took_us = now_us - window->sent_us[block % SX_WINDOW_MOST];
    if (!window->least_us || took_us < window->least_us)
        window->least_us = took_us > 0 ? took_us : 1;
    if (2 * took_us <= 3 * window->least_us) {
        if (++window->fast >= window->blocks && window->blocks < window->most) {
            window->blocks++;
            window->fast = 0;
        }
    } else if (block > window->judged && window->blocks > window->least) {
        window->blocks -= (window->blocks - window->least + 3) / 4;
        window->fast = 0;
        window->judged = last_sent;
    } else if (window->blocks == window->least) {
        /* What so few blocks wait for is not a queue of ours: this is how long it takes now. */
        window->least_us += (took_us - window->least_us + 3) / 4;
    }
}
