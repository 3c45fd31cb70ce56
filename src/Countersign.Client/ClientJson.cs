using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.Client;

/// <summary>What goes over the wire, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AskedAction))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(AskBody))]
[JsonSerializable(typeof(ClaimBody))]
[JsonSerializable(typeof(OutcomeBody))]
[JsonSerializable(typeof(VoteBody))]
[JsonSerializable(typeof(CommentBody))]
internal sealed partial class ClientJson : JsonSerializerContext
{
}

internal sealed record AskBody(string Target, string Operation, JsonElement Arguments, string? Reason, string? Session);

internal sealed record ClaimBody(string Digest);

internal sealed record OutcomeBody(string Digest, string State, long? Claim, JsonElement? Result, string? Error);

internal sealed record VoteBody(string Decision, string Digest, string? Comment);

internal sealed record CommentBody(string? Comment);
