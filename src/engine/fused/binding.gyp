# The addon: one static library per instruction set, each with its own flags, and the glue that chooses among them.
{
  "variables": {
    # No contraction and no fast math: which a·b+c is rounded once is the source's decision (see vec.h).
    "kernel_flags": ["-std=c++17", "-O3", "-fomit-frame-pointer", "-ffp-contract=off", "-fno-math-errno", "-fno-exceptions", "-fno-rtti"],
    "conditions": [
      ["target_arch=='x64'", {"paths": ["kernel_avx512", "kernel_avx2", "kernel_baseline"]}],
      ["target_arch=='arm64'", {"paths": ["kernel_neon", "kernel_baseline"]}],
      ["target_arch!='x64' and target_arch!='arm64'", {"paths": ["kernel_baseline"]}],
    ],
  },
  "target_defaults": {
    "cflags!": ["-O2", "-fno-omit-frame-pointer"],
    "cflags_cc!": ["-O2", "-fno-omit-frame-pointer", "-std=gnu++17", "-std=gnu++20"],
  },
  "targets": [
    {
      "target_name": "fused",
      "sources": ["addon.cc"],
      "dependencies": ["<@(paths)"],
      "cflags_cc": ["-std=c++17"],
      "xcode_settings": {"CLANG_CXX_LANGUAGE_STANDARD": "c++17"},
    },
    {
      "target_name": "kernel_baseline",
      "type": "static_library",
      "sources": ["kernel.cc"],
      "defines": ["GMM_PATH=baseline", "GMM_BASELINE"],
      "cflags_cc": ["<@(kernel_flags)"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"]},
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernel_avx2",
          "type": "static_library",
          "sources": ["kernel.cc"],
          "defines": ["GMM_PATH=avx2", "GMM_AVX2"],
          "cflags_cc": ["<@(kernel_flags)", "-mavx2", "-mfma"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "-mavx2", "-mfma"]},
        },
        {
          "target_name": "kernel_avx512",
          "type": "static_library",
          "sources": ["kernel.cc"],
          "defines": ["GMM_PATH=avx512", "GMM_AVX512"],
          "cflags_cc": ["<@(kernel_flags)", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma", "-mprefer-vector-width=512"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma"]},
        },
      ],
    }],
    ["target_arch=='arm64'", {
      "targets": [
        {
          "target_name": "kernel_neon",
          "type": "static_library",
          "sources": ["kernel.cc"],
          "defines": ["GMM_PATH=neon", "GMM_NEON"],
          "cflags_cc": ["<@(kernel_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"]},
        },
      ],
    }],
  ],
}
