#include "core/app/provider_rules.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace gaia;

TEST_CASE("provider rules: names part from models by a slash and nothing else", "[app][provider]") {
    for (const char* good : {"a", "openai", "my-openai_2.eu", "0"}) {
        CHECK(app::is_provider_name(good));
    }
    for (const char* wrong : {"", "a/b", "-a", ".a", "_a", "a b", "a\n", "\xc3\xa9", "a:b", "a*"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::is_provider_name(wrong));
    }
    CHECK(app::is_provider_name(std::string(app::provider_name_bytes_max, 'a')));
    CHECK_FALSE(app::is_provider_name(std::string(app::provider_name_bytes_max + 1, 'a')));
}

TEST_CASE("provider rules: a credential or header cannot begin another line", "[app][provider]") {
    CHECK(app::is_credential(""));
    CHECK(app::is_credential("sk-abc_DEF.123=/+~"));
    for (const char* wrong : {"a b", "a\r\nb: c", "a\tb", "a\x7f", "\xc3\xa9"}) {
        CHECK_FALSE(app::is_credential(wrong));
    }
    CHECK_FALSE(app::is_credential(std::string(app::header_bytes_max + 1, 'a')));
    CHECK(app::is_header_name("X-My_Header!"));
    for (const char* wrong : {"", "a b", "a:", "a\r\n", "\xc3\xa9", "a(b)"}) {
        CHECK_FALSE(app::is_header_name(wrong));
    }
    CHECK(app::is_header_value(""));
    CHECK(app::is_header_value("a b\tc \xc3\xa9 d"));
    for (const char* wrong : {" a", "a ", "\ta", "a\r\nb", "a\nb", "a\x7f", "a\x01"}) {
        CHECK_FALSE(app::is_header_value(wrong));
    }
    for (const char* reserved :
         {"host", "content-length", "transfer-encoding", "connection", "expect"}) {
        CHECK(app::is_reserved_header(reserved));
    }
    CHECK_FALSE(app::is_reserved_header("x-title"));
    CHECK(app::to_lower("X-ABC\xc3\x89") == "x-abc\xc3\x89");
}

TEST_CASE("provider rules: a variable inside an address cannot move the address",
          "[app][provider]") {
    const auto filled = [](std::string_view text, const char* value) {
        std::string entry = std::string("NAME=") + value;
        char* const variables[] = {entry.data(), nullptr};
        return app::fill_address(text, app::environment::from(variables));
    };
    CHECK(filled("https://a.example/v1", "x") == "https://a.example/v1");
    CHECK(filled("https://${NAME}.example/${NAME}", "my-Res_1") ==
          "https://my-Res_1.example/my-Res_1");
    for (const char* wrong :
         {"", "a.b", "a/b", "a#", "a?b", "a@b", "a:1", "a b", "${NAME}", "\xc3\xa9"}) {
        CAPTURE(wrong);
        CHECK_FALSE(filled("https://${NAME}.example", wrong));
    }
    CHECK_FALSE(filled("https://${NAME}.example", std::string(64, 'a').c_str()));
    CHECK_FALSE(filled("https://${OTHER}.example", "x"));
    CHECK_FALSE(filled("https://${NAME.example", "x"));
}
