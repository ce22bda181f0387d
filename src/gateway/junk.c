/* junk - headers of mails in Junk are judged by the intakes
 *
 * Fetch finds them (fetch_junk.c), but a header is as hostile as any mail, and to judge it takes the parser, the
 * keys of tokens, people and customers. An intake has all that: its parser is jailed, and gather reads for a
 * rehearsed batch just what it reads for mail. A jail in every fetch would cost each mailbox the memory
 * of a warmed parser, and fetch the right to read keys. So headers go through the database like mail does, fetch
 * and intake know nothing of one another, and either may die at any time.
 *
 * Mail goes first: an intake asks for headers when no mail waits, and now and then in between. A header that
 * the parser dies of, or that has outlived JUNK_TRIES intakes, is left in Junk: nothing is lost by that.
 * I/O: database, jail, log.
 */
#include "gateway/junk.h"

#include "core/limits.h"
#include "core/log.h"
#include "db/tx.h"
#include "desk/junk.h"
#include "gateway/gather.h"
#include "gateway/separate.h"
#include "store/junk.h"

#define JUNK_TRIES 10 /* failures of the database count, too */

/* A batch of headers on its way. */
struct judging {
    GPtrArray *mails;             /* own: struct junk_mail */
    struct jail_mail *parsed;     /* own, one a mail */
    struct claimed_mail *claimed; /* own, one a mail: what gather wants to know of it */
    struct batch_mail *batch;     /* own, one a mail */
    bool *are_wanted;             /* own, one a mail */
};

static void judging_clear(struct judging *judging)
{
    for (guint i = 0; judging->mails && i < judging->mails->len; i++) {
        jail_mail_clear(&judging->parsed[i]);
    }
    g_clear_pointer(&judging->mails, g_ptr_array_unref);
    g_free(judging->parsed);
    g_free(judging->claimed);
    g_free(judging->batch);
    g_free(judging->are_wanted);
}

static enum status claim(struct conn *conn, int64_t lease_us, GPtrArray **mails_out,
                         struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GPtrArray) mails = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = junk_store_claim(tx, lease_us, &mails, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        *mails_out = g_steal_pointer(&mails);
    }
    return status;
}

static enum status parse(struct judging *judging, struct jail *jail, struct err *err)
{
    guint count = judging->mails->len;
    const struct junk_mail *first = judging->mails->pdata[0];
    for (guint i = 0; i < count; i++) {
        const struct junk_mail *mail = judging->mails->pdata[i];
        judging->parsed[i] =
            (struct jail_mail){.raw = mail->header,
                               .is_cut = true,
                               .wants_own_child = separate_is_needed(mail->header)};
    }
    bool is_hopeless = first->attempt > JUNK_TRIES; /* then it is alone */
    return is_hopeless ? ST_OK : jail_parse(jail, judging->parsed, count, err);
}

/* Those that can be read, as a batch. */
static struct batch batch_of(struct judging *judging)
{
    struct batch batch = {.mails = judging->batch, .is_rehearsal = true};
    for (guint i = 0; i < judging->mails->len; i++) {
        const struct junk_mail *mail = judging->mails->pdata[i];
        judging->claimed[i] = (struct claimed_mail){.mailbox = mail->mailbox,
                                                    .bytes = mail->bytes,
                                                    .raw_complete = true,
                                                    .raw = mail->header};
        if (judging->parsed[i].facts) {
            judging->batch[batch.count++] = (struct batch_mail){.claimed = &judging->claimed[i],
                                                                .facts = judging->parsed[i].facts};
        }
    }
    return batch;
}

static enum status decide_all(struct tx *tx, struct judging *judging, struct err *err)
{
    struct batch batch = batch_of(judging);
    enum status status = batch.count > 0 ? batch_decide(tx, &batch, err) : ST_OK;
    for (size_t b = 0; b < batch.count && status == ST_OK; b++) {
        size_t at = (size_t)(batch.mails[b].claimed - judging->claimed);
        judging->are_wanted[at] = junk_is_wanted(batch.mails[b].facts, batch.mails[b].records);
    }
    batch_clear(&batch);
    return status;
}

static void log_judged(const struct judging *judging)
{
    int64_t taken = 0;
    for (guint i = 0; i < judging->mails->len; i++) {
        taken += judging->are_wanted[i];
    }
    log_info("junk.judged", kv("mails", judging->mails->len), kv("count", taken));
}

static enum status settle(struct conn *conn, struct judging *judging, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);
    if (status == ST_OK) {
        status = decide_all(tx, judging, err);
    }
    if (status == ST_OK) {
        status = junk_store_settle(tx, judging->mails, judging->are_wanted, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        log_judged(judging);
    }
    return status;
}

enum status junk_judge(struct conn *conn, struct jail *jail, int64_t lease_us, size_t *count_out,
                       struct err *err)
{
    CLEANUP(judging_clear) struct judging judging = {NULL};
    enum status status = claim(conn, lease_us, &judging.mails, err);
    if (status != ST_OK) {
        return status;
    }
    *count_out = judging.mails->len;
    if (judging.mails->len == 0) {
        return ST_OK;
    }
    judging.parsed = g_new0(struct jail_mail, judging.mails->len);
    judging.claimed = g_new0(struct claimed_mail, judging.mails->len);
    judging.batch = g_new0(struct batch_mail, judging.mails->len);
    judging.are_wanted = g_new0(bool, judging.mails->len);
    status = parse(&judging, jail, err);
    return status == ST_OK ? settle(conn, &judging, err) : status;
}
