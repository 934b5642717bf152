public import BLAKE3

/// The fixed BLAKE3 keys of the format, as little-endian words.
///
/// Source: draft-denis-xet, "Hashing Methods".
public enum HashKey {
    /// Chunks, and whole shard files.
    public static let data = BLAKE3Key(
        words: (0xde50_955b_77f5_9766, 0x1c18_97a5_accb_3531, 0x582b_eb9b_1021_e49d, 0x29f2_ad93_4bb0_d0b4)
    )
    /// Nodes of the Merkle tree.
    public static let internalNode = BLAKE3Key(
        words: (0x9629_47a5_c7c5_7e01, 0xe602_8ab4_6666_94fd, 0xd26d_c737_6f53_dd5d, 0x3f71_534a_e652_63f8)
    )
    /// Term verification hashes.
    public static let verification = BLAKE3Key(
        words: (0x66ed_56ce_d657_187f, 0xf3c3_a5e7_13f9_7f12, 0xe649_dbb5_d526_cda4, 0xc394_fb28_7f98_2441)
    )
    /// The step from a Merkle root to a file hash.
    public static let file = BLAKE3Key(words: (0, 0, 0, 0))
}
