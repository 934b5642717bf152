package import Testing

/// `#expect(value == expected)` for a value that a mutating method gives, which the macro cannot call.
package func expect<Value: Equatable>(
    _ value: Value,
    is expected: Value,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}
