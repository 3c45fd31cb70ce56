using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Records;

/// <summary>What the entry of a broken glass says, for whoever is told of it.</summary>
public sealed record GlassPayload(
    string Person, string Reason, string Target, ImmutableArray<string> Custodians, DateTimeOffset Until)
{
    /// <summary><c>null</c> when the payload is of another entry.</summary>
    public static GlassPayload? Read(ReadOnlyMemory<byte> payload)
    {
        using var document = JsonDocument.Parse(payload);
        var said = document.RootElement;
        return said.ValueKind == JsonValueKind.Object && said.TryGetProperty("custodians", out var custodians)
            ? new GlassPayload(
                said.GetProperty("person").GetString()!,
                said.GetProperty("comment").GetString()!,
                said.GetProperty("target").GetString()!,
                [.. custodians.EnumerateArray().Select(custodian => custodian.GetString()!)],
                said.GetProperty("until").GetDateTimeOffset())
            : null;
    }
}
