#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

#include "core/app/application.hpp"
#include "core/app/catalog_ports.hpp"
#include "core/app/check.hpp"
#include "core/app/command_line.hpp"
#include "core/app/key_commands.hpp"
#include "core/base/version.hpp"

namespace {

using namespace gaia::app;

int run(const serve_command& c, const environment& env) {
    return application(c.flags, env).run();
}

int run(const check_command& c, const environment& env) {
    const auto report = report_check(load_configuration(c.flags, env, make_vendor_port()));
    fmt::print(report.exit_code == 0 ? stdout : stderr, "{}", report.text);
    return report.exit_code;
}

int run(const version_command&, const environment&) {
    fmt::print("gaiarouter {}\n", gaia::version);
    return 0;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const auto parsed = parse_command_line(argc, argv);
        if (const auto* end = std::get_if<exit_with>(&parsed)) {
            fmt::print(end->code == 0 ? stdout : stderr, "{}", end->text);
            return end->code;
        }
        const auto env = environment::from(envp);
        return std::visit([&env](const auto& c) { return run(c, env); }, std::get<command>(parsed));
    } catch (const std::exception& problem) {
        fmt::print(stderr, "gaiarouter: {}\n", problem.what());
        return 1;
    }
}
