import OstiaryCore

/// Which models there are, in the words of the client's API.
enum ModelsDocument {
    /// - Parameter page: what of the list is asked for; OpenAI's API has no pages.
    static func list(
        _ models: [ModelsListBody.Model],
        for family: APIFamily,
        created: UnixTime,
        page: AnthropicModelsBody.Page
    ) -> [UInt8] {
        switch family {
        case .openAI: ModelsListBody.bytes(models, created: created)
        case .anthropic: AnthropicModelsBody.bytes(models, created: created, page: page)
        }
    }

    static func one(_ model: ModelsListBody.Model, for family: APIFamily, created: UnixTime) -> [UInt8] {
        switch family {
        case .openAI: ModelsListBody.bytes(model, created: created)
        case .anthropic: AnthropicModelsBody.bytes(model, created: created)
        }
    }
}
