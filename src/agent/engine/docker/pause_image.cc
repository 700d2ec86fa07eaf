#include "agent/engine/docker/pause_image.h"

#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace fl::agent::engine {
namespace {

#if defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr std::array<uint32_t, 8> kCode{
    0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004,  // again: mov x0, #0 ... mov x4, #0
    0xd2800928, 0xd4000001,                                      // mov x8, #73; svc #0: ppoll(nothing, for ever)
    0x17fffff9,                                                  // b again
};
#elif defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr std::array<uint8_t, 9> kCode{
    0xb8, 34,   0, 0, 0, 0x0f, 0x05,  // again: mov eax, 34; syscall: pause()
    0xeb, 0xf7,                       // jmp again
};
#else
#error "which instructions wait for ever here?"
#endif

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The smallest static program: file header, one segment that is the whole file, code.
std::string pause_program() {
  constexpr uint64_t kLoadedAt = 0x400000, kHeaders = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
  constexpr uint64_t kSize = kHeaders + sizeof kCode;
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_ident[EI_VERSION] = EV_CURRENT;
  head.e_type = ET_EXEC;
  head.e_machine = kMachine;
  head.e_version = EV_CURRENT;
  head.e_entry = kLoadedAt + kHeaders;
  head.e_phoff = sizeof(Elf64_Ehdr);
  head.e_ehsize = sizeof(Elf64_Ehdr);
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R | PF_X;
  segment.p_vaddr = segment.p_paddr = kLoadedAt;
  segment.p_filesz = segment.p_memsz = kSize;
  segment.p_align = 0x1000;
  std::string out;
  append(out, head);
  append(out, segment);
  append(out, kCode);
  return out;
}

}  // namespace

std::string pause_archive() {
  const std::string program = pause_program();
  // POSIX ustar: a header of 512 bytes, the file filled up to such a block, two blocks of zeros.
  std::string header(512, '\0');
  const auto put = [&header](size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, kPauseProgram + 1);
  put(100, "0000755");                               // mode
  put(108, "0000000");                               // user
  put(116, "0000000");                               // group
  put(124, fmt::format("{:011o}", program.size()));  // size
  put(136, "00000000000");                           // time
  put(148, "        ");                              // checksum, counted as blanks
  put(156, "0");                                     // a file
  put(257, std::string_view("ustar\00000", 8));
  uint32_t sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string out = header + program;
  out.resize((out.size() + 511) / 512 * 512 + 1024, '\0');
  return out;
}

}  // namespace fl::agent::engine
