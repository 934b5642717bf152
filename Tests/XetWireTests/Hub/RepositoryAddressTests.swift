import Testing
import XetCore
import XetWire

@Suite struct RepositoryAddressTests {
    private func read(_ text: String, kind: RepositoryKind = .model, hub: String = "https://hub.example/base") throws
        -> [String?]?
    {
        let hub = try #require(HTTPAddress(hub))
        return RepositoryAddress(text, kind: kind, hub: hub).map { ["\($0.repository)", $0.revision, $0.path] }
    }

    @Test(
        arguments: [
            ("owner/name", ["owner/name", nil, nil]),
            ("gpt2", ["gpt2", nil, nil]),
            ("datasets/owner/name", ["datasets/owner/name", nil, nil]),
            ("hf://owner/name", ["owner/name", nil, nil]),
            ("hf://gpt2@main", ["gpt2", "main", nil]),
            ("hf://gpt2@main/a/b", ["gpt2", "main", "a/b"]),
            ("owner/name@v1", ["owner/name", "v1", nil]),
            ("datasets/owner/name@refs/pr/12/a", ["datasets/owner/name", "refs/pr/12", "a"]),
            ("hf://datasets/owner/name@v1/a/b.bin", ["datasets/owner/name", "v1", "a/b.bin"]),
            ("hf://owner/name@refs/pr/12/a", ["owner/name", "refs/pr/12", "a"]),
            ("hf://owner/name@refs%2Fpr%2F12/a", ["owner/name", "refs/pr/12", "a"]),
            ("hf://datasets/owner/name@refs/convert/parquet", ["datasets/owner/name", "refs/convert/parquet", nil]),
            ("hf://owner/name@refs/other/a", ["owner/name", "refs", "other/a"]),
            ("hf://buckets/owner/name/a", ["buckets/owner/name", nil, "a"]),
            ("https://huggingface.co/gpt2", ["gpt2", nil, nil]),
            ("https://huggingface.co/gpt2/tree/main", ["gpt2", "main", nil]),
            ("https://www.huggingface.co/owner/name/", ["owner/name", nil, nil]),
            ("https://hf.co/owner/name/tree/main/a%20b/c", ["owner/name", "main", "a b/c"]),
            (
                "https://huggingface.co/owner/name/resolve/refs%2Fpr%2F1/a?download=true",
                ["owner/name", "refs/pr/1", "a"]
            ),
            ("https://huggingface.co/owner/name/blob/refs/pr/1/a#L3", ["owner/name", "refs/pr/1", "a"]),
            ("https://huggingface.co/datasets/owner/name/raw/v1/a", ["datasets/owner/name", "v1", "a"]),
            ("https://huggingface.co/buckets/owner/name/resolve/a%2Fb", ["buckets/owner/name", nil, "a/b"]),
            ("https://hub.example/base/owner/name/tree/x", ["owner/name", "x", nil]),
        ] as [(String, [String?])]
    )
    func `what people paste is read`(text: String, parts: [String?]) throws {
        #expect(try read(text) == parts)
    }

    @Test(arguments: [
        "", "a/b/c", "hf://", "hf://owner", "https://hub.example/owner/name", "https://example.org/owner/name",
        "https://huggingface.co", "https://huggingface.co/owner/name/discussions/1",
        "https://huggingface.co/owner/name/tree",
        "hf://owner/name@", "hf://owner/name@a@b", "owner/name@", "owner/name@a@b", "@main", "hf://owner/na me",
        "ftp://huggingface.co/a/b",
        "https://huggingface.co/owner/name/tree/%zz", "hf://../name",
    ])
    func `what is no repository is refused`(text: String) throws {
        // A name of one part is an old model.
        #expect(try read(text) == (text == "hf://owner" ? ["owner", nil, nil] : nil))
    }

    @Test func `a kind is that of what names none`() throws {
        #expect(try read("owner/name", kind: .dataset) == ["datasets/owner/name", nil, nil])
        #expect(try read("hf://owner/name", kind: .dataset) == ["datasets/owner/name", nil, nil])
        #expect(try read("https://hf.co/owner/name", kind: .dataset) == ["owner/name", nil, nil])
        #expect(try read("hf://owner/name@x", kind: .bucket) == ["buckets/owner/name", "x", nil])
    }
}
