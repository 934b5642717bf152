import CCRC64
import Testing
import XetCore
import XetTestSupport

@Suite struct CRC64Tests {
    /// Bit by bit, as the polynomial says.
    private static func reference(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var state = UInt64.max
        for byte in bytes {
            state ^= UInt64(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x9a6c_9329_ac4b_c9b5 : 0) }
        }
        return ~state
    }

    @Test func `known values`() {
        #expect(CRC64().value == 0)
        #expect(CRC64(of: Array("123456789".utf8).rawSpan).value == 0xae8b_1486_0a79_9888)
        #expect(CRC64(of: [UInt8](repeating: 0, count: 4096).rawSpan).value == 0x6482_d367_eb22_b64e)
        #expect(CRC64(of: [UInt8](repeating: 0xFF, count: 4096).rawSpan).value == 0xc0dd_ba73_02ec_a3ac)
    }

    @Test(arguments: [CCRC64_PORTABLE, CCRC64_FOLDING])
    func `every form gives what the polynomial says, at any place and length`(form: ccrc64_form) {
        guard ccrc64_has(form) != 0 else { return }
        var random = SplitMix64(seed: 7)
        let bytes = random.bytes(700)
        for count in Array(0...140) + [191, 192, 255, 256, 257, 500, 600] {
            let start = Int.random(in: 0...bytes.count - count, using: &random)
            let part = Array(bytes[start..<start + count])
            // SAFETY: the bytes are there for the call.
            let found = unsafe bytes.withUnsafeBytes {
                unsafe ccrc64_update_as(form, 0, $0.baseAddress.map { unsafe $0 + start }, count)
            }
            #expect(found == Self.reference(part), "\(count) bytes from \(start)")
        }
    }

    @Test func `in pieces`() {
        var random = SplitMix64(seed: 8)
        let bytes = random.bytes(5000)
        for _ in 0..<50 {
            var crc = CRC64()
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 0...300, using: &random))
                crc.update(bytes.rawSpan.extracting(start..<end))
                start = end
            }
            #expect(crc == CRC64(of: bytes.rawSpan))
        }
    }
}
