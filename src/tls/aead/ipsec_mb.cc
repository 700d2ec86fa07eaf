#include "tls/aead/ipsec_mb.h"

#ifdef FL_HAS_IPSEC_MB
#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include "base/check.h"

namespace fl::tls {
namespace {

// The library's functions for this processor; all null without AES instructions.
struct Functions {
  aes_gcm_pre_t pre = nullptr;
  aes_gcm_init_t init = nullptr;
  aes_gcm_enc_dec_update_t update = nullptr;
  aes_gcm_enc_dec_finalize_t finalize = nullptr;
  aes_gcm_enc_dec_t decrypt = nullptr;
};
struct AllFunctions {
  Functions aes_128, aes_256;
};

AllFunctions find_functions() {
  AllFunctions out;
  const std::unique_ptr<IMB_MGR, decltype([](IMB_MGR* p) { free_mb_mgr(p); })> manager(alloc_mb_mgr(0));
  if (manager == nullptr || (manager->features & IMB_FEATURE_AESNI) == 0) return out;
  init_mb_mgr_auto(manager.get(), nullptr);
  if (imb_get_errno(manager.get()) != 0) return out;
  out.aes_128 = {manager->gcm128_pre, manager->gcm128_init, manager->gcm128_enc_update, manager->gcm128_enc_finalize,
                 manager->gcm128_dec};
  out.aes_256 = {manager->gcm256_pre, manager->gcm256_init, manager->gcm256_enc_update, manager->gcm256_enc_finalize,
                 manager->gcm256_dec};
  return out;
}

const Functions& functions_of(Aead aead) {
  static const AllFunctions kFunctions = find_functions();
  return aead == Aead::aes_128_gcm ? kFunctions.aes_128 : kFunctions.aes_256;
}

class IpsecMbKey final : public AeadKey {
 public:
  IpsecMbKey(const Functions& functions, const uint8_t* key) : functions_(functions) { functions.pre(key, &key_); }
  ~IpsecMbKey() override { OPENSSL_cleanse(&key_, sizeof key_); }

  void begin(const AeadNonce& nonce, std::span<const uint8_t> header) override {
    functions_.init(&key_, &text_, nonce.data(), header.data(), header.size());
  }

  void encrypt(std::span<const uint8_t> text, uint8_t* out) override {
    functions_.update(&key_, &text_, out, text.data(), text.size());
  }

  void end(std::span<uint8_t, kAeadTag> tag) override { functions_.finalize(&key_, &text_, tag.data(), kAeadTag); }

  bool decrypt(const AeadNonce& nonce, std::span<const uint8_t> header, std::span<const uint8_t> sealed,
               std::span<const uint8_t, kAeadTag> tag, uint8_t* out) override {
    std::array<uint8_t, kAeadTag> expected;
    functions_.decrypt(&key_, &text_, out, sealed.data(), sealed.size(), nonce.data(), header.data(), header.size(),
                       expected.data(), kAeadTag);
    return CRYPTO_memcmp(expected.data(), tag.data(), kAeadTag) == 0;
  }

 private:
  const Functions& functions_;
  gcm_key_data key_;
  gcm_context_data text_;  // that is being sealed
};

}  // namespace

std::unique_ptr<AeadKey> new_ipsec_mb_key(Aead aead, std::span<const uint8_t> key) {
  FL_CHECK(key.size() == key_size(aead));
  if (aead == Aead::chacha20_poly1305) return nullptr;
  const Functions& functions = functions_of(aead);
  return functions.pre == nullptr ? nullptr : std::make_unique<IpsecMbKey>(functions, key.data());
}

}  // namespace fl::tls

#else

namespace fl::tls {
std::unique_ptr<AeadKey> new_ipsec_mb_key(Aead, std::span<const uint8_t>) { return nullptr; }
}  // namespace fl::tls

#endif
