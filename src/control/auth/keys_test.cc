#include "control/auth/keys.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "control/auth/temporary_keys.h"
#include "support/temporary_directory.h"

namespace fl::control::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) { std::ofstream(path) << text; }
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/keys.yaml";
};

TEST(KeyFile, HoldsUsersAndRoots) {
  const TemporaryFile file(
      "keys:\n"
      "  - access-key-id: AKIAALICE\n    secret-access-key: s1\n    account-id: \"111122223333\"\n    user: alice\n"
      "  - {access-key-id: AKIAROOT, secret-access-key: s2}\n");
  const auto keys = KeyFile::read(file.path, "000000000000");
  ASSERT_TRUE(keys) << keys.error().message;
  const auto alice = keys->find("AKIAALICE", "");
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->arn, "arn:aws:iam::111122223333:user/alice");
  EXPECT_EQ(alice->secret, "s1");
  EXPECT_EQ(keys->find("AKIAROOT", "")->arn, "arn:aws:iam::000000000000:root");
  EXPECT_EQ(keys->find("AKIAROOT", "")->user_id, "000000000000");
  EXPECT_FALSE(keys->find("AKIA", ""));
}

TEST(KeyFile, NamesEveryMistakeAndNoSecret) {
  const TemporaryFile file(
      "keys:\n"
      "  - {access-key-id: AKIAA, secret-access-key: hidden, account-id: \"12\"}\n"
      "  - {access-key-id: \"a b\", secret-access-key: hidden}\n"
      "  - {access-key-id: AKIAB}\n"
      "  - {access-key-id: AKIAC, secret-access-key: hidden}\n"
      "  - {access-key-id: AKIAC, secret-access-key: hidden, usr: x}\n");
  const auto keys = KeyFile::read(file.path, "000000000000");
  ASSERT_FALSE(keys);
  for (const char* text :
       {"keys[0]: account-id: \"12\" is not 12 digits", "keys[1]: access-key-id",
        "keys[2]: secret-access-key is missing", "keys[4]: this access-key-id is there already", "usr"})
    EXPECT_THAT(keys.error().message, HasSubstr(text));
  EXPECT_THAT(keys.error().message, Not(HasSubstr("hidden")));
  EXPECT_FALSE(KeyFile::read("/nowhere/keys.yaml", "000000000000"));
}

TEST(Seal, IsMadeOnceForUsAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/seal";
  const auto seal = read_or_make_seal(path);
  ASSERT_TRUE(seal) << seal.error().message;
  EXPECT_EQ(seal->size(), 32u);
  EXPECT_EQ(*read_or_make_seal(path), *seal);
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::ofstream(path) << "short";
  EXPECT_THAT(read_or_make_seal(path).error().message, HasSubstr("too short"));
  EXPECT_FALSE(read_or_make_seal("/nowhere/seal"));
}

}  // namespace
}  // namespace fl::control::auth
