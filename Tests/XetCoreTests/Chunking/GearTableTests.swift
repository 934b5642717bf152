import Testing
import XetTestSupport

@_spi(Kernels) @testable import XetCore

@Suite struct GearTableTests {
    @Test func `is the table of the format`() {
        let words = GearTable.words
        #expect(words.count == 256)
        #expect(words.first == 0xb088_d3a9_e840_f559)
        #expect(words.last == 0x63c7_a906_c1dd_187b)
        #expect(words.reduce(0, ^) == 0x6aa2_6c5c_a5f6_cbfc)
        #expect(words.reduce(0, &+) == 0xc1ac_b37e_f35c_570a)
        let bytes = words.flatMap { word in stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        #expect(SHA256Reference.hex(bytes) == "e1d3936666d7ae7a977c958e9afcc75f90aaca758ce5fbe4ece61dffefe1912c")
        let afterZeros = (0..<64).reduce(UInt64(0)) { hash, _ in hash << 1 &+ words[0] }
        #expect(afterZeros == 0x4f77_2c56_17bf_0aa7)
    }
}
