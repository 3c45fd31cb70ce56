using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// What a target says about one of its operations, such as an MCP tool's description and schemas. Its fingerprint is
/// <c>sha256:</c> + hex over the canonical text, so that two spellings of one definition are the same.
/// </summary>
public sealed class Definition
{
    /// <summary>
    /// Largest definition that is accepted, in canonical bytes: a reviewer has to be able to read it.
    /// </summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>
    /// The argument under which a client's answers to a tool's questions are approved with its call (MCP 2026-07-28).
    /// The gateway adds it; no tool describes it.
    /// </summary>
    public const string InputArgument = "countersign_input";

    private static readonly JsonLimits DefinitionLimits = new() { Bytes = MaxBytes };

    private Definition(string name, CanonicalJson text)
    {
        Name = name;
        Text = text;
        Fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(text.Bytes.Span));
    }

    public string Name { get; }

    public CanonicalJson Text { get; }

    public string Fingerprint { get; }

    /// <summary>
    /// Reads a definition strictly: what two readers could understand differently cannot be reviewed.
    /// </summary>
    public static bool TryRead(
        string name,
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out Definition? definition,
        [NotNullWhen(false)] out string? refusal)
    {
        definition = null;
        refusal = CanonicalJson.TryCanonicalize(json, DefinitionLimits, out var text, out var fault)
            ? null
            : fault.Message;
        if (text is not null)
        {
            definition = new Definition(name, text);
        }

        return definition is not null;
    }

    /// <summary>The arguments of a call that are the tool's own.</summary>
    internal static CanonicalJson OwnArgumentsOf(CanonicalJson arguments)
    {
        if (!arguments.TryGetMember(InputArgument, out _))
        {
            return arguments;
        }

        var own = new CanonicalObject();
        using var document = JsonDocument.Parse(arguments.Bytes, new JsonDocumentOptions { MaxDepth = 1024 });
        foreach (var member in document.RootElement.EnumerateObject().Where(each => each.Name != InputArgument))
        {
            arguments.TryGetMember(member.Name, out var value);
            own.Add(member.Name, value!);
        }

        return own.ToCanonicalJson();
    }

    /// <summary>The canonical text that was stored once; it passed <see cref="TryRead"/> before.</summary>
    internal static CanonicalJson Reread(ReadOnlySpan<byte> stored) =>
        CanonicalJson.TryCanonicalize(stored, JsonLimits.Unbounded, out var text, out var fault)
            ? text
            : throw new StoreUnavailableException($"A stored definition is not canonical JSON: {fault.Message}");
}

/// <summary>Where a definition stands.</summary>
public abstract record DefinitionStanding
{
    private DefinitionStanding()
    {
    }

    /// <summary>It is the accepted one, or was seen for the first time and recorded.</summary>
    public sealed record Accepted : DefinitionStanding;

    /// <summary>It differs from the accepted one, whose canonical text is <c>AcceptedText</c>.</summary>
    public sealed record Changed(ReadOnlyMemory<byte> AcceptedText, string AcceptedFingerprint) : DefinitionStanding;
}
