#include "http/header_map.h"

#include <array>
#include <cstring>

namespace fl::http {
namespace {

struct KnownName {
  HeaderId id;
  std::string_view text;  // the usual spelling
};

constexpr KnownName kKnownNames[] = {
    {HeaderId::connection, "Connection"},
    {HeaderId::keep_alive, "Keep-Alive"},
    {HeaderId::proxy_authenticate, "Proxy-Authenticate"},
    {HeaderId::proxy_authorization, "Proxy-Authorization"},
    {HeaderId::proxy_connection, "Proxy-Connection"},
    {HeaderId::te, "TE"},
    {HeaderId::trailer, "Trailer"},
    {HeaderId::transfer_encoding, "Transfer-Encoding"},
    {HeaderId::upgrade, "Upgrade"},
    {HeaderId::content_length, "Content-Length"},
    {HeaderId::expect, "Expect"},
    {HeaderId::host, "Host"},
    {HeaderId::forwarded, "Forwarded"},
    {HeaderId::x_forwarded_for, "X-Forwarded-For"},
    {HeaderId::x_forwarded_host, "X-Forwarded-Host"},
    {HeaderId::x_forwarded_method, "X-Forwarded-Method"},
    {HeaderId::x_forwarded_port, "X-Forwarded-Port"},
    {HeaderId::x_forwarded_prefix, "X-Forwarded-Prefix"},
    {HeaderId::x_forwarded_proto, "X-Forwarded-Proto"},
    {HeaderId::x_forwarded_scheme, "X-Forwarded-Scheme"},
    {HeaderId::x_forwarded_server, "X-Forwarded-Server"},
    {HeaderId::x_forwarded_tls_client_cert, "X-Forwarded-Tls-Client-Cert"},
    {HeaderId::x_forwarded_tls_client_cert_info, "X-Forwarded-Tls-Client-Cert-Info"},
    {HeaderId::x_forwarded_uri, "X-Forwarded-Uri"},
    {HeaderId::x_real_ip, "X-Real-Ip"},
    {HeaderId::x_scheme, "X-Scheme"},
    {HeaderId::accept, "Accept"},
    {HeaderId::accept_encoding, "Accept-Encoding"},
    {HeaderId::authorization, "Authorization"},
    {HeaderId::cache_control, "Cache-Control"},
    {HeaderId::content_encoding, "Content-Encoding"},
    {HeaderId::content_type, "Content-Type"},
    {HeaderId::cookie, "Cookie"},
    {HeaderId::date, "Date"},
    {HeaderId::location, "Location"},
    {HeaderId::origin, "Origin"},
    {HeaderId::referer, "Referer"},
    {HeaderId::sec_websocket_accept, "Sec-WebSocket-Accept"},
    {HeaderId::sec_websocket_extensions, "Sec-WebSocket-Extensions"},
    {HeaderId::sec_websocket_key, "Sec-WebSocket-Key"},
    {HeaderId::sec_websocket_protocol, "Sec-WebSocket-Protocol"},
    {HeaderId::sec_websocket_version, "Sec-WebSocket-Version"},
    {HeaderId::server, "Server"},
    {HeaderId::set_cookie, "Set-Cookie"},
    {HeaderId::user_agent, "User-Agent"},
    {HeaderId::vary, "Vary"},
};

constexpr size_t kIds = static_cast<size_t>(HeaderId::count_);
constexpr size_t kShortest = 2, kLongest = 32;
constexpr size_t kSlots = 256;
static_assert(std::size(kKnownNames) == kIds - 1, "every id but `other` has a name");

// Names differ in length, first or last two characters; bit 0x20 makes the letter case the same.
constexpr uint32_t hash(std::string_view name, uint32_t multiplier) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(name[i])) | 0x20U; };
  const size_t n = name.size();
  return ((byte(n - 1) | byte(n - 2) << 8 | byte(0) << 16 | static_cast<uint32_t>(n) << 24) * multiplier) >> 24;
}

struct Table {
  uint32_t multiplier = 0;
  std::array<uint8_t, kSlots> slots{};                   // hash -> index into `names`
  std::array<std::array<char, kLongest>, kIds> lower{};  // by id
  std::array<uint8_t, kIds> sizes{};                     // by id; 0 for `other`, so that an empty slot matches nothing
  std::array<std::string_view, kIds> canonical{};        // by id
};

consteval Table make_table() {
  Table table;
  for (const KnownName& name : kKnownNames) {
    const auto id = static_cast<size_t>(name.id);
    table.sizes[id] = static_cast<uint8_t>(name.text.size());
    table.canonical[id] = name.text;
    for (size_t i = 0; i < name.text.size(); ++i) table.lower[id][i] = ascii_lower(name.text[i]);
  }
  for (table.multiplier = 0x9e3779b1;; table.multiplier += 0x3c6ef372) {  // any odd number that parts them all
    table.slots = {};
    bool parted = true;
    for (const KnownName& name : kKnownNames) {
      uint8_t& slot = table.slots[hash(name.text, table.multiplier)];
      if (slot != 0) {
        parted = false;
        break;
      }
      slot = static_cast<uint8_t>(name.id);
    }
    if (parted) return table;
  }
}

constexpr Table kTable = make_table();

template <class Word>
bool differs(const char* name, const char* lower) {
  Word a, b;
  std::memcpy(&a, name, sizeof a);
  std::memcpy(&b, lower, sizeof b);
  // Letters, which alone have bit 0x40, may differ in bit 0x20; everything else has to be the same.
  constexpr Word kLetterBit = static_cast<Word>(0x4040404040404040);
  return ((a ^ b) & ~((b & kLetterBit) >> 1)) != 0;
}

bool same_name(const char* name, const char* lower, size_t n) {
  if (n >= 8) {
    for (size_t i = 0; i + 8 < n; i += 8)
      if (differs<uint64_t>(name + i, lower + i)) return false;
    return !differs<uint64_t>(name + n - 8, lower + n - 8);
  }
  if (n >= 4) return !differs<uint32_t>(name, lower) && !differs<uint32_t>(name + n - 4, lower + n - 4);
  return !differs<uint16_t>(name, lower) && !differs<uint16_t>(name + n - 2, lower + n - 2);
}

}  // namespace

HeaderId classify_header(std::string_view name) {
  const size_t n = name.size();
  if (n < kShortest || n > kLongest) return HeaderId::other;
  const uint8_t id = kTable.slots[hash(name, kTable.multiplier)];
  if (kTable.sizes[id] != n || !same_name(name.data(), kTable.lower[id].data(), n)) return HeaderId::other;
  return static_cast<HeaderId>(id);
}

std::string_view canonical_name(HeaderId id) { return kTable.canonical[static_cast<size_t>(id)]; }

std::string_view lower_name(HeaderId id) {
  const auto i = static_cast<size_t>(id);
  return {kTable.lower[i].data(), kTable.sizes[i]};
}

namespace {
// Matches fields by id where the name has one, else by text.
struct SameName {
  std::string_view name;
  HeaderId id = classify_header(name);
  bool operator()(const Field& f) const { return f.id == id && (id != HeaderId::other || iequals(f.name, name)); }
};
}  // namespace

const std::string_view* HeaderMap::find(std::string_view name) const {
  const auto it = std::ranges::find_if(fields_, SameName{name});
  return it == fields_.end() ? nullptr : &it->value;
}

size_t HeaderMap::remove(std::string_view name) { return std::erase_if(fields_, SameName{name}); }

bool has_token(std::string_view value, std::string_view token) {
  bool found = false;
  for_each_item(value, [&](std::string_view item) { found |= iequals(item, token); });
  return found;
}

}  // namespace fl::http
