/// A head that is accepted here llhttp accepts with the same meaning, body and all, but for what `LLHTTP` lists (SEC-101).
func fuzzBesideLLHTTP(_ bytes: [UInt8]) {
    if case .different(let why) = LLHTTP.compare(bytes) { demand(false, why) }
}

/// Foundation accepts the same documents with the same values, but for what `FoundationJSON` lists (SEC-112).
func fuzzBesideFoundation(_ bytes: [UInt8]) {
    if case .different(let why) = FoundationJSON.compare(bytes) { demand(false, why) }
}
