#include "core/store/usage_table.hpp"

namespace gaia::store {
namespace {

constexpr std::string_view insert_row =
    "INSERT OR IGNORE INTO usage (id, started_at, key_id, organization_id, model_asked, "
    "model_served,"
    " provider, prompt_tokens, completion_tokens, cache_read, cache_write, reasoning, audio_in,"
    " audio_out, source, clamped, cost_nanos, status, error, finish_reason, stream, total_us,"
    " first_token_us, overhead_us, attempts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
    " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)";

std::int64_t number(bool value) noexcept {
    return value ? 1 : 0;
}

}  // namespace

usage_table::usage_table(database& db, names& dictionary)
    : names_(dictionary), insert_(db.prepare_kept(insert_row)) {}

void usage_table::insert(const settled_row& row) {
    const policy::usage_settle& what = row.values;
    const chat::usage& used = what.usage;
    insert_.bind(1, what.id.value)
        .bind(2, what.started.value)
        .bind(3, what.key.value)
        .bind(4, what.organization.value)
        .bind(5, names_.id_of(what.model_asked))
        .bind(6, names_.id_of(what.model_served))
        .bind(7, names_.id_of(what.provider))
        .bind(8, used.prompt)
        .bind(9, used.completion)
        .bind(10, used.cache_read)
        .bind(11, used.cache_write)
        .bind(12, used.reasoning)
        .bind(13, used.audio_in)
        .bind(14, used.audio_out)
        .bind(15, static_cast<std::int64_t>(what.source))
        .bind(16, number(used.clamped))
        .bind(17, what.cost ? std::optional(what.cost->value) : std::nullopt)
        .bind(18, std::int64_t{what.status})
        .bind(19, names_.id_if_any(row.error_label))
        .bind(20, names_.id_if_any(what.finish_reason))
        .bind(21, number(what.stream))
        .bind(22, what.total_us)
        .bind(23, what.first_token_us)
        .bind(24, what.overhead_us)
        .bind(25, std::int64_t{what.attempts})
        .run();
}

void usage_table::insert_interrupted(const policy::usage_begin& begun) {
    settled_row row;
    row.values.id = begun.id;
    row.values.started = begun.started;
    row.values.key = begun.key;
    row.values.organization = begun.organization;
    row.values.model_asked = begun.model_asked;
    row.values.model_served = begun.model_served;
    row.values.provider = begun.provider;
    row.values.usage.prompt = begun.prompt_tokens_estimate;
    row.values.source = chat::usage_source::estimated;
    row.values.stream = begun.stream;
    row.error_label = info(errc::interrupted).metric;
    insert(row);
}

}  // namespace gaia::store
