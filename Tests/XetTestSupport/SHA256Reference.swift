/// SHA-256 written for reading, for the vectors that are given by their digest.
public enum SHA256Reference {
    /// The digest in hex.
    public static func hex(_ message: [UInt8]) -> String {
        var state: [UInt32] = [
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
        ]
        var tail = Array(message.suffix(message.count % 64))
        tail.append(0x80)
        tail.append(contentsOf: repeatElement(0, count: (120 - tail.count % 64) % 64))
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(shift)))
        }
        unsafe message.withUnsafeBufferPointer { whole in
            for block in stride(from: 0, to: whole.count / 64 * 64, by: 64) {
                unsafe compress(UnsafeBufferPointer(rebasing: whole[block..<block + 64]), &state)
            }
        }
        unsafe tail.withUnsafeBufferPointer { rest in
            for block in stride(from: 0, to: rest.count, by: 64) {
                unsafe compress(UnsafeBufferPointer(rebasing: rest[block..<block + 64]), &state)
            }
        }
        return state.flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        .hex
    }

    private static func compress(_ block: UnsafeBufferPointer<UInt8>, _ state: inout [UInt32]) {
        var w = [UInt32](repeating: 0, count: 64)
        for i in 0..<16 {
            unsafe w[i] =
                UInt32(block[4 * i]) << 24 | UInt32(block[4 * i + 1]) << 16
                | UInt32(block[4 * i + 2]) << 8 | UInt32(block[4 * i + 3])
        }
        for i in 16..<64 {
            let s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3
            let s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10
            w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
        }
        var v = state
        for i in 0..<64 {
            let s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
            let choice = v[4] & v[5] ^ ~v[4] & v[6]
            let t1 = v[7] &+ s1 &+ choice &+ constants[i] &+ w[i]
            let s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            v = [t1 &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
        }
        for i in 0..<8 {
            state[i] &+= v[i]
        }
    }

    private static func rotated(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = {
        let primes = (2...311).filter { n in !(2..<n).contains { n.isMultiple(of: $0) } }
        return primes.map { prime in
            // floor(cbrt(prime) * 2^32), exactly, one bit at a time; the square of 35 bits fits 128.
            var root: UInt64 = 0
            for bit in stride(from: 34, through: 0, by: -1) {
                let candidate = root | 1 << UInt64(bit)
                let square = UInt128(candidate) * UInt128(candidate)
                let cube = square.multipliedReportingOverflow(by: UInt128(candidate))
                if !cube.overflow && cube.partialValue <= UInt128(prime) << 96 {
                    root = candidate
                }
            }
            return UInt32(truncatingIfNeeded: root)
        }
    }()
}
