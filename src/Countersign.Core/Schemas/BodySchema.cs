using System.Text.Json;

namespace Countersign.Core.Schemas;

/// <summary>How a target describes the JSON body of a request.</summary>
/// <param name="Schema">Of the body.</param>
/// <param name="Document">Where references of the schema lead.</param>
/// <param name="IsRequired">Whether there is no such request without a body.</param>
public sealed record BodySchema(JsonElement Schema, JsonElement Document, bool IsRequired);
