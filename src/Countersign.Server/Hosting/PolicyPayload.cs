using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Storage;

namespace Countersign.Server.Hosting;

/// <summary>
/// What a <c>policy.changed</c> entry says: from which policy to which, how, by whom, and every file in full.
/// </summary>
internal sealed record PolicyPayload(
    string? From, string To, string How, ImmutableArray<string> Authors, ImmutableArray<PolicyText> Files)
{
    /// <summary>The first policy of a store: taken from the files.</summary>
    public const string First = "first";

    /// <summary>A changed file that took effect at once, as <c>changes: immediate</c> says.</summary>
    public const string Immediate = "immediate";

    /// <summary>A changed file that people approved.</summary>
    public const string Approved = "approved";

    /// <summary>
    /// When the change brings back what was in force not long ago: since when, and by which entry, it was another.
    /// </summary>
    public PolicyReplaced? Reverts { get; init; }

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public ImmutableHashSet<PersonId> AuthorIds => [.. Authors.Select(name => new PersonId(name))];

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    public static PolicyPayload Parse(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize<PolicyPayload>(bytes, Options)!;
}
