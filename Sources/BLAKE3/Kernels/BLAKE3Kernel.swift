import CBLAKE3

/// An instruction set that the hash is written for.
///
/// Only kernels that this machine can run have a value. Every kernel gives the same digests; the choice is open to tests and benchmarks alone.
@_spi(Kernels) public struct BLAKE3Kernel: Sendable, Equatable, CustomStringConvertible {
    let identifier: cblake3_kernel
    /// "portable", "SSE4.1", "AVX2", "AVX-512" or "NEON".
    public let description: String

    /// Nil when this build does not contain the kernel, or the processor or the operating system lacks it.
    private init?(_ identifier: cblake3_kernel, _ description: String) {
        guard cblake3_is_available(identifier) else { return nil }
        self.identifier = identifier
        self.description = description
    }

    /// The kernels of this machine, slowest first; the portable one is always there.
    public static let available: [BLAKE3Kernel] = [
        BLAKE3Kernel(CBLAKE3_PORTABLE, "portable"),
        BLAKE3Kernel(CBLAKE3_NEON, "NEON"),
        BLAKE3Kernel(CBLAKE3_SSE41, "SSE4.1"),
        BLAKE3Kernel(CBLAKE3_AVX2, "AVX2"),
        BLAKE3Kernel(CBLAKE3_AVX512, "AVX-512"),
    ].compactMap(\.self)

    /// The fastest kernel of this machine, found out once.
    public static let best = available[available.count - 1]

    /// Kernels are equal when they are the same instruction set.
    public static func == (left: BLAKE3Kernel, right: BLAKE3Kernel) -> Bool {
        left.identifier == right.identifier
    }
}
