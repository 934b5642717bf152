// GB/s of each kernel, keyed, one core, best of several runs, beside memcpy of the same sizes.
//
//   swift run -c release --package-path Benchmarks BLAKE3Benchmark
//   python3 Benchmarks/compare_blake3.py        the same, and the Python package blake3 in the same run

@_spi(Kernels) import BLAKE3

let sizes = [64, 300, 1 << 10, 8 << 10, 8700, 64 << 10, 128 << 10, 1 << 20]
let input = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
let key = BLAKE3Key(words: (1, 2, 3, 4))

/// Seconds of one call, the best of 20 runs of about 4 MiB each.
func seconds(_ size: Int, _ body: () -> Void) -> Double {
    let calls = min(20_000, max(1, (4 << 20) / size))
    let clock = ContinuousClock()
    let best = (0..<20).map { _ in clock.measure { for _ in 0..<calls { body() } } }.min() ?? .zero
    return best / .seconds(1) / Double(calls)
}

func report(_ name: String, _ measure: (Int) -> Double) {
    let columns = sizes.map { size in
        let hundredths = Int(Double(size) / measure(size) / 1e7 + 0.5)
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
    print(([name] + columns).joined(separator: "\t"))
}

print((["GB/s"] + sizes.map(String.init)).joined(separator: "\t"))

let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count, alignment: 64)
report("memcpy") { size in
    // SAFETY: both buffers have 1 MiB, and no size is larger.
    unsafe input.withUnsafeBytes { bytes in
        seconds(size) { unsafe copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<size])) }
    }
}
unsafe copy.deallocate()

var used: UInt64 = 0  // keeps the calls from being dropped
for kernel in BLAKE3Kernel.available {
    report(kernel.description) { size in
        let bytes = unsafe input.span.bytes.extracting(first: size)
        return seconds(size) { used &+= BLAKE3Hasher.hash(bytes, key: key, kernel: kernel).w0 }
    }
}
report("pieces") { size in
    let bytes = unsafe input.span.bytes.extracting(first: size)
    return seconds(size) {
        var hasher = BLAKE3Hasher(key: key)
        hasher.update(bytes)
        used &+= hasher.finalize().w0
    }
}
print("checksum", used)
