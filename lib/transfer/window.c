/* window.c - the window of a transfer, by how long its blocks take.
 *
 * Happy path: begin -> sent, answered, sent, answered ... The window grows by one for each window
 * of fast blocks and shrinks by a quarter, then not again before a block comes back that was sent
 * after that.
 * Slower for good (another route; a server whose TCP waits for acknowledgements of single blocks):
 * at the least window the measure follows, so that the window grows again.
 */
#include "transfer/window.h"

void sx_window_begin(struct sx_window *pace, unsigned least, unsigned most)
{
    *pace = (struct sx_window){.least = least, .most = most, .window = least};
}

void sx_window_restart(struct sx_window *pace)
{
    pace->fast = 0;
    pace->judged = 0;
    pace->least_us = 0; /* it may be another way */
}

void sx_window_sent(struct sx_window *pace, size_t block, int64_t now_us)
{
    pace->sent_us[block % SX_WINDOW_MOST] = now_us;
}

void sx_window_answered(struct sx_window *pace, size_t block, size_t last_sent, int64_t now_us)
{
    int64_t took_us = now_us - pace->sent_us[block % SX_WINDOW_MOST];
    if (!pace->least_us || took_us < pace->least_us)
        pace->least_us = took_us > 0 ? took_us : 1;
    if (2 * took_us <= 3 * pace->least_us) {
        if (++pace->fast >= pace->window && pace->window < pace->most) {
            pace->window++;
            pace->fast = 0;
        }
    } else if (block > pace->judged && pace->window > pace->least) {
        pace->window -= (pace->window - pace->least + 3) / 4;
        pace->fast = 0;
        pace->judged = last_sent;
    } else if (pace->window == pace->least) {
        /* What so few blocks wait for is not a queue of ours: this is how long it takes now. */
        pace->least_us += (took_us - pace->least_us + 3) / 4;
    }
}
