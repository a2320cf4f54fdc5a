#pragma once

#include <vector>

#include "core/chat/codec.hpp"
#include "core/json/read.hpp"
#include "core/json/write.hpp"

// messages <-> turns.
namespace gaia::providers {

// Reads one message behind those in `turns`. A tool message joins the tool turn before it.
result<void> read_message(const json::value& raw,
                          const json::path& at,
                          std::vector<chat::turn>& turns);

// Reads one element of a content array.
result<chat::part> read_part(const json::value& raw, const json::path& at);

// Writes the messages of a conversation as the elements of an open array.
class message_writer {
public:
    message_writer(json::writer& out,
                   const chat::request& r,
                   const chat::target_facts& target,
                   chat::name_map& names,
                   chat::loss_report& losses)
        : out_(out), request_(r), target_(target), names_(names), losses_(losses) {}

    result<void> write_all();

private:
    result<void> write_turn(const chat::turn& t, const std::string& path);
    result<void> write_tool_turn(const chat::turn& t, const std::string& path);
    void write_assistant(const chat::turn& t, const std::string& path);
    void write_reasoning(const chat::turn& t, const std::string& path);
    void write_calls(const chat::turn& t);
    result<void> write_content(const std::vector<chat::part>& parts, const std::string& path);
    result<void> write_part(const chat::part& p, const std::string& path);
    void write_extras(const chat::extras& other, const std::string& path);
    void write_cache(const chat::part& p, const std::string& path);
    bool plain(const std::vector<chat::part>& parts) const;

    json::writer& out_;
    const chat::request& request_;
    const chat::target_facts& target_;
    chat::name_map& names_;
    chat::loss_report& losses_;
    bool reasoning_reported_ = false;
};

}  // namespace gaia::providers
