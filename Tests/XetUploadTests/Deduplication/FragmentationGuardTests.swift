import Testing

@testable import XetUpload

@Suite struct FragmentationGuardTests {
    private func allows(_ terms: inout FragmentationGuard, _ count: Int) -> Bool { terms.allows(count) }

    @Test func `short terms are refused once there are too many, and allowed again`() {
        var terms = FragmentationGuard()
        for _ in 0..<127 { terms.noteTerm(of: 1) }
        #expect(allows(&terms, 1) == true)
        terms.noteTerm(of: 1)
        #expect(allows(&terms, 7) == false)
        #expect(allows(&terms, 8) == true)
        // Half of the average is not enough to be lenient again.
        terms.noteContinuation(of: 128 * 4)
        #expect(allows(&terms, 1) == false)
        terms.noteContinuation(of: 128 * 4)
        #expect(allows(&terms, 1) == true)
        // What made the average right falls out at last.
        for _ in 0..<128 { terms.noteTerm(of: 2) }
        #expect(allows(&terms, 1) == false)
    }

    @Test func `half of the average is allowed`() {
        var terms = FragmentationGuard()
        for _ in 0..<1000 { terms.noteTerm(of: 4) }
        #expect(allows(&terms, 1) == true)
    }
}
