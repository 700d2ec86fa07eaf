#include "tls/certificate_store.h"

#include <algorithm>

namespace fl::tls {

CertificateStore::CertificateStore(std::vector<std::shared_ptr<const Certificate>> certificates,
                                   std::shared_ptr<const Certificate> default_certificate, WallTime now)
    : all_(std::move(certificates)), default_(std::move(default_certificate)) {
  by_name_.reserve(all_.size() * 2);
  for (const auto& certificate : all_)
    for (const std::string& name : certificate->names()) {
      auto& place = by_name_[name][static_cast<size_t>(certificate->key_kind())];
      if (place == nullptr || (place->not_after() < now && certificate->not_after() >= now)) place = certificate;
    }
}

std::vector<const Certificate*> CertificateStore::configured() const {
  const auto fingerprint = [](const Certificate* c) -> const std::string& { return c->facts().fingerprint; };
  std::vector<const Certificate*> out;
  for (const auto& certificate : all_) out.push_back(certificate.get());
  if (default_ != nullptr && default_->facts().common_name != Certificate::kDefaultName) out.push_back(default_.get());
  std::ranges::sort(out, {}, fingerprint);
  const auto rest = std::ranges::unique(out, {}, fingerprint);
  out.erase(rest.begin(), rest.end());
  return out;
}

const CertificateStore::Choice* CertificateStore::find(std::string_view name) const {
  if (const auto exact = by_name_.find(name); exact != by_name_.end()) return &exact->second;
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  char wildcard[256];  // names are at most 255 bytes long, and the label gives way to one
  const std::string_view rest = name.substr(dot);
  if (rest.size() + 1 > sizeof wildcard) return nullptr;
  wildcard[0] = '*';
  rest.copy(wildcard + 1, rest.size());
  const auto found = by_name_.find(std::string_view(wildcard, rest.size() + 1));
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace fl::tls
