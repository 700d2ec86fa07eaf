// Password hashes as htpasswd and crypt(3) make them. Any thread; checking a bcrypt takes tens of milliseconds.
#pragma once

#include <string>
#include <string_view>

namespace fl {

// $apr1$ (Apache's MD5), {SHA} (SHA-1), or what crypt(3) knows: bcrypt ($2a$, $2b$, $2y$), $1$, $5$, $6$, $y$.
bool is_password_hash(std::string_view hash);

// Whether the password is the one that was hashed; false for what is no hash. Compared in constant time.
bool verify_password(const std::string& password, const std::string& hash);

// Hex. For the protocol that is made of it, Digest authentication (RFC 7616), and nothing else.
std::string md5_hex(std::string_view data);

}  // namespace fl
