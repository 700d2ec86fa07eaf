// A certificate authority for tests, with everything made on the spot.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace fl::tls::testing {

struct Issued {
  std::string certificate_pem;
  std::string key_pem;
};

class Authority {
 public:
  explicit Authority(const std::string& common_name = "Test CA");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  struct Request {
    std::string common_name;
    std::string sans;           // "DNS:a.test,IP:127.0.0.1"
    std::string key = "P-256";  // or RSA, ED25519
    long days = 1;              // from now; negative: it expired then
    std::string usage = "serverAuth,clientAuth";
    std::string ocsp_responder{};  // URL
  };
  Issued issue(const Request& request) const;
  const std::string& pem() const { return pem_; }

  struct OcspAnswer {
    enum Status { good, revoked, unknown } status = good;
    long from_s = -60, until_s = 3600;  // from now; until 0: it states no end
    const Issued* signer = nullptr;     // null: the authority itself
  };
  // The DER of an OCSP response (RFC 6960) about a certificate, as this authority's.
  std::string answer_ocsp(const Issued& about, const OcspAnswer& answer) const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  std::string pem_;
};

}  // namespace fl::tls::testing
