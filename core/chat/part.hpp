#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// The blocks that requests and answers are made of: a superset of what OpenAI chat, OpenAI
// Responses, Anthropic Messages and Gemini can say. Plain values; equality is member by member.
namespace gaia::chat {

enum class dialect_id : std::uint8_t { none, openai_chat, openai_responses, anthropic, gemini };
std::string_view name_of(dialect_id which) noexcept;  // "openai_chat"

// Raw JSON anywhere in the IR is validated and compact (json::compact): white space goes, the order
// of keys and the spelling of numbers and strings stay.

// Members that the IR has no place for, as they were written, by the dialect that wrote them. An
// encoder of the same dialect writes them back; any other reports those it leaves out.
struct extras {
    struct member {
        std::string key;
        std::string raw;  // validated JSON text
        bool operator==(const member&) const = default;
    };
    dialect_id from = dialect_id::none;
    std::vector<member> members;

    bool empty() const noexcept { return members.empty(); }
    const std::string* find(std::string_view key) const noexcept;
    void add(dialect_id source, std::string key, std::string_view raw);
    bool operator==(const extras&) const = default;
};

// A number as its user spelled it ("0.70", "1e-1"): written on unchanged.
struct number {
    std::string spelling;
    double value() const noexcept;  // 0 when it is no number
    static number of(double value);
    bool operator==(const number&) const = default;
};

// Upstream prompts are cached up to and including the block that carries it.
struct cache_mark {
    std::string ttl;  // "5m", "1h"; empty: the vendor's default
    bool operator==(const cache_mark&) const = default;
};

// A vendor's opaque proof of its reasoning. Good only for the vendor that made it, and only on the
// very block it came with (Anthropic: thinking; Gemini: function call or text).
struct signature {
    std::string data;
    dialect_id from = dialect_id::none;
    bool operator==(const signature&) const = default;
};

struct citation {
    std::string url;
    std::string title;
    std::string cited_text;
    std::optional<std::int64_t> begin;  // in the text it supports, in characters
    std::optional<std::int64_t> end;
    std::string raw;  // the whole of it as its dialect wrote it (may be empty)
    dialect_id from = dialect_id::none;
    bool operator==(const citation&) const = default;
};

// Where the bytes of an image, document or recording are.
struct media {
    enum class kind : std::uint8_t { base64, url, file_id };
    kind at = kind::base64;
    std::string data;        // base64 text, the URL, or the vendor's file id
    std::string media_type;  // "image/png"; empty when nobody said
    bool operator==(const media&) const = default;
};

// "data:image/png;base64,…" taken apart; any other text is a URL.
media media_of_uri(std::string_view uri);
std::string uri_of(const media& source);

struct text_part {
    std::string text;
    std::vector<citation> citations;
    bool operator==(const text_part&) const = default;
};

struct image_part {
    media source;
    std::string detail;  // low, high, auto; empty: not stated
    bool operator==(const image_part&) const = default;
};

// A PDF, or a plain text handed over as a document.
struct document_part {
    media source;
    std::optional<std::string> text;  // instead of source
    std::string name;                 // file name or title
    std::string context;
    std::optional<bool> citations;  // the model is to cite it
    bool operator==(const document_part&) const = default;
};

struct audio_part {
    media source;
    std::string format;  // "wav", "mp3"
    std::string transcript;
    std::string id;  // of an earlier answer of the vendor
    std::optional<std::int64_t> expires_at;
    bool operator==(const audio_part&) const = default;
};

struct tool_call_part {
    enum class kind : std::uint8_t { function, custom };  // custom: free text instead of JSON
    kind what = kind::function;
    std::string id;  // never empty after decoding
    std::string name;
    std::string arguments;  // as the model wrote them: a JSON object, "" or broken JSON
    bool operator==(const tool_call_part&) const = default;
};

struct part;

struct tool_result_part {
    std::string call_id;
    std::string name;           // of the tool, when the dialect says it
    std::vector<part> content;  // text, images, documents
    bool is_error = false;
    bool operator==(const tool_result_part&) const;
};

struct reasoning_part {
    std::string text;                    // what the model thought, in full
    std::vector<std::string> summary;    // or the vendor's account of it
    std::string encrypted;               // redacted or encrypted state, replayed as it is
    std::string id;                      // Responses item id, OpenRouter detail id
    std::string format;                  // of encrypted, as OpenRouter names it; usually empty
    dialect_id from = dialect_id::none;  // who can read `encrypted`
    bool operator==(const reasoning_part&) const = default;
};

struct refusal_part {
    std::string text;
    bool operator==(const refusal_part&) const = default;
};

// A block that only its own dialect understands (server tools and their results, code execution).
struct native_part {
    dialect_id from = dialect_id::none;
    std::string type;  // as its dialect names it
    std::string raw;   // the whole block
    bool operator==(const native_part&) const = default;
};

template <class T>
concept part_body =
    std::same_as<T, text_part> || std::same_as<T, image_part> || std::same_as<T, document_part> ||
    std::same_as<T, audio_part> || std::same_as<T, tool_call_part> ||
    std::same_as<T, tool_result_part> || std::same_as<T, reasoning_part> ||
    std::same_as<T, refusal_part> || std::same_as<T, native_part>;

struct part {
    std::variant<text_part,
                 image_part,
                 document_part,
                 audio_part,
                 tool_call_part,
                 tool_result_part,
                 reasoning_part,
                 refusal_part,
                 native_part>
        body;
    std::optional<chat::signature> signature;
    std::optional<cache_mark> cache;
    extras other;

    part() = default;
    template <part_body Body>
    explicit part(Body value) : body(std::move(value)) {}

    template <class Body>
    Body* as() noexcept {
        return std::get_if<Body>(&body);
    }
    template <class Body>
    const Body* as() const noexcept {
        return std::get_if<Body>(&body);
    }
    bool operator==(const part&) const = default;
};

part text_of(std::string text);
// The texts of the text parts, joined.
std::string joined_text(const std::vector<part>& parts, std::string_view between = "");

}  // namespace gaia::chat
