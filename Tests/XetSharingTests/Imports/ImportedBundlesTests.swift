import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetBundle
import XetBundleTestSupport
import XetCache
import XetCore
import XetStoreTestSupport
import XetTestSupport

@testable import XetSharing

@Suite struct ImportedBundlesTests {
    private let site = ImportSite()
    private let archive = MemoryHubArchive()
    private let failures = Watched<Int>(0)

    private func bundles() -> ImportedBundles {
        ImportedBundles(site.shared(), archive: archive) { _ in failures.change { $0 += 1 } }
    }

    private static func contents(isPublic: Bool) -> BundleContents {
        let source = SampleBundle.contents.sources[0]
        return BundleContents(sources: [
            BundleContents.Source(
                repository: source.repository,
                revision: source.revision,
                commit: source.commit,
                isPublic: isPublic
            )
        ])
    }

    /// Two answers, each in an object of its own.
    private func put(isPublic: Bool = true, forAll: Bool = false) async throws {
        let kept = MemoryCacheStore(byteLimit: 1 << 20)
        let importer = StoreImport(site.store, area: site.area, kept: kept)
        let other = ArchivedAnswer(
            repository: SampleBundle.repository,
            method: "HEAD",
            target: "/owner/name/resolve/main/x",
            status: 200,
            headers: [],
            body: [],
            time: 1
        )
        try await importer.put(Self.contents(isPublic: isPublic), forAll: forAll) { body in
            try await body([SampleBundle.answer])
            try await body([other])
        }
    }

    @Test(arguments: [(true, false), (false, true), (false, false)])
    func `what the Hub said is taken over once, and shown to those who may see it`(isPublic: Bool, forAll: Bool)
        async throws
    {
        try await put(isPublic: isPublic, forAll: forAll)
        let bundles = bundles()
        await bundles.update()
        #expect(archive.answers.count == 2)
        let isPermitted = try await archive.isPermitted(nil, SampleBundle.repository, files: true)
        #expect(isPermitted == (isPublic || forAll))
        #expect(bundles.count == 1)
        let asked = site.store.calls.count
        await bundles.update()
        // Nothing but a list.
        #expect(site.store.calls.count <= asked + 2)
        #expect(failures.value == 0)
    }

    @Test func `one that lacks something is seen when it is whole`() async throws {
        try await put()
        let right = site.store.objects
        let name = try #require(right.keys.first { $0.hasSuffix("/1") })
        let bundles = bundles()
        for wrong in [nil, Array(right[name]?.dropLast() ?? []), [UInt8](repeating: 0, count: 400)] {
            if let wrong { site.store.set(wrong, as: name) } else { try await site.store.remove(name) }
            await bundles.update()
            #expect(bundles.count == 0)
            #expect(try await !archive.isPermitted(nil, SampleBundle.repository, files: true))
        }
        #expect(failures.value == 3)
        site.store.set(right[name] ?? [], as: name)
        await bundles.update()
        #expect(bundles.count == 1)
        #expect(try await archive.isPermitted(nil, SampleBundle.repository, files: true))
    }

    @Test(arguments: [
        (ObjectStoreError(.denied, "AccessDenied"), true), (ObjectStoreError(.away, "away"), false),
    ])
    func `objects are still read where nobody may list them`(failure: ObjectStoreError, isRead: Bool) async throws {
        try await put()
        let shared = site.shared()
        let bundles = ImportedBundles(shared, archive: archive) { _ in failures.change { $0 += 1 } }
        site.store.listFailure = failure
        // As often as a store may fail before it is spared.
        for _ in 0..<3 { await bundles.update() }
        #expect(failures.value == 3)
        let name = try #require(site.store.objects.keys.first { $0.hasSuffix("/1") })
        let found = try? await shared.shelf.sealed(name, upTo: 1 << 20) { $0 }
        #expect((found != nil) == isRead)
        site.store.listFailure = nil
        await bundles.update()
        #expect((bundles.count == 1) == isRead)
    }

    @Test func `a store that is away, and an archive that fails, are tried again`() async throws {
        try await put()
        let bundles = bundles()
        site.store.failure = ObjectStoreError(.away, "away")
        await bundles.update()
        site.store.failure = nil
        archive.isFailing = true
        await bundles.update()
        #expect(bundles.count == 0)
        archive.isFailing = false
        await bundles.update()
        #expect(bundles.count == 1)
        #expect(failures.value == 2)
    }
}
