import OstiaryCore
import Testing

@testable import OstiaryModels

struct CatalogueTests {
    @Test(arguments: ProviderKind.allCases)
    func everyKindHasOneEntry(_ kind: ProviderKind) throws {
        #expect(ProviderCatalogue.all.filter { $0.kind == kind }.count == 1)
        let traits = ProviderCatalogue.traits(of: kind)
        #expect(traits.kind == kind)
        #expect(!traits.summary.isEmpty)
        if let base = traits.base {
            #expect(base.hasPrefix("https://") || base.hasPrefix("http://127.0.0.1:"))
            #expect(!base.hasSuffix("/"))
        }
        // A provider of one dialect serves it.
        let api = Route.API.allCases.first { $0.dialect == traits.dialect }
        #expect(traits.apis.contains(try #require(api)))
        #expect(traits.family == (traits.dialect == .messages ? .anthropic : .openAI))
    }

    @Test func aServerOfOnesOwnSpeaksWhatItIsSaidToSpeak() {
        #expect(ProviderCatalogue.custom(.messages).credential == .apiKey)
        #expect(ProviderCatalogue.custom(.messages).kind == .custom)
        #expect(ProviderCatalogue.custom(.chat).credential == .bearer)
        #expect(!ProviderCatalogue.custom(.chat).needsKey)
    }

    @Test(
        arguments: [
            (400, .anthropic, 400), (422, .openAI, 400), (402, .anthropic, 402), (402, .openAI, 429),
            (404, .openAI, 404),
            (408, .anthropic, 504), (413, .openAI, 413), (429, .anthropic, 429), (500, .openAI, 500),
            (501, .openAI, 502),
            (502, .anthropic, 502), (503, .anthropic, 529), (529, .openAI, 503), (529, .anthropic, 529),
            (418, .openAI, 418),
        ] as [(Int, APIFamily, Int)]
    )
    func aStatusBecomesTheOtherFamilys(_ status: Int, _ family: APIFamily, _ mapped: Int) {
        #expect(MappedFailure(status: status, for: family).status == mapped)
    }
}
