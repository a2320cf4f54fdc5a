#include "core/store/vault.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace gaia::store {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::string_view check_table = "vault_check";
constexpr std::string_view check_text = "gaiarouter master key";

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::string additional_data(std::string_view table, std::int64_t row) {
    return fmt::format("{}|{}|{}", table, row, vault::key_version);
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<secret> from_hex(std::string_view text) {
    std::string key;
    key.reserve(key_bytes);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        key.push_back(static_cast<char>(high * 16 + low));
    }
    return secret(std::move(key));
}

std::optional<secret> from_base64(std::string_view text) {
    std::array<unsigned char, 33> decoded{};
    const int size = EVP_DecodeBlock(decoded.data(), bytes(text), static_cast<int>(text.size()));
    if (size != static_cast<int>(decoded.size())) {  // 44 characters; padding counts as a zero byte
        return std::nullopt;
    }
    return secret(std::string(reinterpret_cast<const char*>(decoded.data()), key_bytes));
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

[[noreturn]] void refuse(const std::string& sentence) {
    throw std::runtime_error(sentence);
}

std::string read_key_file(const std::string& path, int file) {
    struct stat about{};
    if (::fstat(file, &about) != 0 || (about.st_mode & 077) != 0) {
        refuse(
            fmt::format("The master key {} may be read by others; its rights must be 0600.", path));
    }
    std::array<char, 256> text{};
    const auto size = ::read(file, text.data(), text.size());
    std::string_view content(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) {
        content.remove_suffix(1);
    }
    return std::string(content);
}

// Complete on the disk before it has its name: a crash leaves no half-written key behind.
secret make_key_file(const std::string& path) {
    std::array<unsigned char, key_bytes> key{};
    fill_random(key);
    const std::string text = to_hex(key) + "\n";
    const std::string part = path + ".new";
    ::unlink(part.c_str());  // ignored: left over from a crash, or not there
    const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written =
        file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const int error = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (!written || ::rename(part.c_str(), path.c_str()) != 0) {
        refuse(fmt::format("The master key {} cannot be written: {}.", path, reason(error)));
    }
    return secret(std::string(reinterpret_cast<const char*>(key.data()), key.size()));
}

}  // namespace

vault::vault(secret master_key) : key_(std::move(master_key)) {
    if (key_.expose().size() != key_bytes) {
        throw std::invalid_argument("a master key has 32 bytes");
    }
}

std::string vault::seal(std::string_view table, std::int64_t row, std::string_view plain) const {
    std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
    fill_random({bytes(sealed), nonce_bytes});
    const std::string about = additional_data(table, row);
    const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    auto* body = bytes(sealed) + nonce_bytes;
    const bool ok =
        context &&
        EVP_EncryptInit_ex(
            context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_.expose()), bytes(sealed)) == 1 &&
        EVP_EncryptUpdate(
            context.get(), nullptr, &size, bytes(about), static_cast<int>(about.size())) == 1 &&
        EVP_EncryptUpdate(
            context.get(), body, &size, bytes(plain), static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), body + plain.size(), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + plain.size()) ==
            1;
    if (!ok) {
        throw std::runtime_error("a secret cannot be encrypted");
    }
    return sealed;
}

result<secret> vault::open(std::string_view table,
                           std::int64_t row,
                           std::string_view sealed) const {
    if (sealed.size() < nonce_bytes + tag_bytes) {
        return fail_detail(errc::internal, "a sealed value is too short");
    }
    const std::string about = additional_data(table, row);
    const auto body = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    std::string plain(body.size(), '\0');
    const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    const bool ok =
        context &&
        EVP_DecryptInit_ex(
            context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_.expose()), bytes(sealed)) == 1 &&
        EVP_DecryptUpdate(
            context.get(), nullptr, &size, bytes(about), static_cast<int>(about.size())) == 1 &&
        EVP_DecryptUpdate(
            context.get(), bytes(plain), &size, bytes(body), static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), bytes(plain) + plain.size(), &size) == 1;
    secret opened(std::move(plain));
    if (!ok) {
        return fail_detail(errc::internal,
                           "a sealed value was changed, moved or sealed with another key");
    }
    return opened;
}

std::optional<secret> parse_master_key(std::string_view text) {
    if (text.size() == 2 * key_bytes) {
        return from_hex(text);
    }
    return text.size() == 44 && text.ends_with('=') ? from_base64(text) : std::nullopt;
}

secret load_master_key(std::string_view given, const std::string& file, bool may_generate) {
    if (!given.empty()) {
        auto key = parse_master_key(given);
        if (!key) {
            refuse(
                "GAIAROUTER_MASTER_KEY must be 32 bytes, written as 64 hexadecimal digits or as "
                "base64.");
        }
        return *std::move(key);
    }
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (handle < 0) {
        if (errno != ENOENT) {
            refuse(fmt::format("The master key {} cannot be read: {}.", file, reason(errno)));
        }
        if (!may_generate) {
            refuse(fmt::format(
                "The master key {} is missing, and the database was used with one. Put it back.",
                file));
        }
        return make_key_file(file);
    }
    std::optional<secret> key;
    try {
        key = parse_master_key(secret(read_key_file(file, handle)).expose());
    } catch (...) {
        ::close(handle);
        throw;
    }
    ::close(handle);
    if (!key) {
        refuse(fmt::format("The master key {} is not a key.", file));
    }
    return *std::move(key);
}

bool has_vault_check(database& db) {
    return db.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'vault_check'") != 0 &&
           db.query_integer("SELECT count(*) FROM vault_check") != 0;
}

void verify_vault(database& db, const vault& keys) {
    if (!has_vault_check(db)) {
        return;
    }
    auto query = db.prepare("SELECT sealed FROM vault_check");
    query.step();
    const auto text = keys.open(check_table, 1, query.blob(0));
    if (!text || text->expose() != check_text) {
        refuse(
            "The master key is not the one this database was used with. Put the right one back.");
    }
}

void remember_vault(database& db, const vault& keys) {
    if (has_vault_check(db)) {
        return;
    }
    const std::string sealed = keys.seal(check_table, 1, check_text);
    auto insert =
        db.prepare("INSERT INTO vault_check (id, key_version, sealed) VALUES (1, ?1, ?2)");
    insert.bind(1, vault::key_version).bind_blob(2, sealed).run();
}

}  // namespace gaia::store
