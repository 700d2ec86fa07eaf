// Which certificate for which server name: exact, then a wildcard for one label, then the default. Looking one up costs
// the same with ten thousand as with one. Immutable; shared by all contexts and workers.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "tls/certificate.h"

namespace fl::tls {

class CertificateStore {
 public:
  // Of one name: at most one certificate for each kind of key, so that clients get the one they can check.
  using Choice = std::array<std::shared_ptr<const Certificate>, Certificate::kKeyKinds>;

  // Where two have the same name and kind of key the first one stays, unless it has expired at `now`.
  CertificateStore(std::vector<std::shared_ptr<const Certificate>> certificates,
                   std::shared_ptr<const Certificate> default_certificate, WallTime now);

  // For a name in lower case without trailing dot; null when there is none but the default.
  const Choice* find(std::string_view name) const;
  // Null when nothing at all is to be shown.
  const std::shared_ptr<const Certificate>& default_certificate() const { return default_; }
  // As they were given; without the default.
  const std::vector<std::shared_ptr<const Certificate>>& all() const { return all_; }
  // For those who look: all and the default, each once, in the order of their fingerprints; without the one that we
  // make ourselves (Traefik leaves it out by its name).
  std::vector<const Certificate*> configured() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::vector<std::shared_ptr<const Certificate>> all_;
  std::shared_ptr<const Certificate> default_;
  std::unordered_map<std::string, Choice, Hash, std::equal_to<>> by_name_;
};

}  // namespace fl::tls
