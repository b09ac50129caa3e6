/* sasl_offer.c - the choice of a mechanism and of a channel binding.
 *
 * Invariant: a set of mechanisms only shrinks on the way to the choice, and enum sx_mechanism has
 * the better ones first.
 *
 * Happy path: what both sides have -> without PLAIN where others may listen -> without -PLUS unless
 * there is a binding with its data -> the first of them -> its GS2 header.
 * Failure: none is left, or none at first: false.
 */
#include "net/sasl_offer.h"

#include <stdio.h>
#include <string.h>

/* Which channel binding server and stream have in common, with its data; false: none. */
static bool choose_binding(const struct sx_sasl_offer *offer, const struct sx_sasl_channel *channel,
                           struct sx_sasl_choice *choice)
{
    unsigned named = offer->has_bindings ? offer->bindings : 1U << SX_BINDING_UNIQUE, i;
    for (i = 0; channel->has_tls && i < SX_BINDINGS; i++)
        if (named & 1U << i &&
            channel->read_binding((enum sx_binding)i, choice->data, &choice->data_len)) {
            choice->binding = (enum sx_binding)i;
            return true;
        }
    return false;
}

/* Those that the account has credentials for. */
static unsigned served(const struct sx_sasl_account *account)
{
    unsigned external = sx_mechanism_set(SX_MECHANISM_EXTERNAL);
    unsigned set = account->mechanisms;
    if (!account->has_certificate)
        set &= ~external;
    if (!account->password[0])
        set &= external;
    return set;
}

/* RFC 5802 6: "y" says that we could bind and the server, as we see it, can't. If it can, it ends
 * the login, since somebody has changed its offer on the way. So a -PLUS that it does offer, with a
 * hash or a binding that we lack, is "n". */
static const char *header_without_binding(const struct sx_sasl_offer *offer,
                                          const struct sx_sasl_account *account,
                                          const struct sx_sasl_channel *channel)
{
    bool could_bind = channel->has_tls && account->mechanisms & SX_MECHANISM_PLUS;
    bool can_bind = offer->mechanisms & SX_MECHANISM_PLUS || strstr(offer->names, "-PLUS");
    return could_bind && !can_bind ? "y,," : "n,,";
}

bool sx_sasl_offer_choose(const struct sx_sasl_offer *offer, const struct sx_sasl_account *account,
                          const struct sx_sasl_channel *channel, unsigned refused,
                          struct sx_sasl_choice *choice)
{
    unsigned set = served(account) & offer->mechanisms & ~refused, i = 0;
    *choice = (struct sx_sasl_choice){.data_len = 0};
    if (!channel->may_send_password)
        set &= ~sx_mechanism_set(SX_MECHANISM_PLAIN);
    if (set & SX_MECHANISM_PLUS && !choose_binding(offer, channel, choice))
        set &= ~(unsigned)SX_MECHANISM_PLUS;
    if (!set)
        return false;
    while (!(set & 1U << i))
        i++;
    choice->mechanism = (enum sx_mechanism)i;
    choice->is_bound = (1U << i & SX_MECHANISM_PLUS) != 0;
    if (choice->is_bound)
        snprintf(choice->header, sizeof choice->header, "p=%s,,", sx_binding_name(choice->binding));
    else
        snprintf(choice->header, sizeof choice->header, "%s",
                 header_without_binding(offer, account, channel));
    return true;
}

void sx_sasl_offer_explain(const struct sx_sasl_offer *offer, const struct sx_sasl_account *account,
                           char *why, size_t why_bytes)
{
    bool is_binding_missing = served(account) & offer->mechanisms & SX_MECHANISM_PLUS;
    char own[SX_MECHANISM_LIST_BYTES];
    sx_mechanism_list(served(account), own, sizeof own);
    snprintf(why, why_bytes,
             "the server offers no way to log in that we have credentials for; it offers: %s; "
             "we have: %s%s",
             offer->names[0] ? offer->names : "none", own,
             is_binding_missing ? "; no channel binding is common to both" : "");
}
