using System.Collections.Immutable;

namespace Countersign.Core.Redaction;

/// <summary>What becomes of a sensitive value.</summary>
public abstract record Treatment
{
    private Treatment() { }

    /// <summary>A mask that names the kind: <c>[card]</c>.</summary>
    public static Treatment Redact { get; } = new RedactTreatment();

    /// <summary>A mask with the value's last characters: <c>[card …1111]</c>.</summary>
    public static Treatment Partial { get; } = new PartialTreatment();

    /// <summary>
    /// A mask with a keyed hash, so that equal values can be told from others: <c>[card #abcdefgh…]</c>.
    /// </summary>
    public static Treatment Hash { get; } = new HashTreatment();

    /// <summary>A mask that whoever has the key can turn back into the value: <c>[card ~abcdefgh…]</c>.</summary>
    public static Treatment Tokenise { get; } = new TokeniseTreatment();

    /// <summary>
    /// What is less precise: a year, a network, a domain; a mask where a kind has nothing less precise.
    /// </summary>
    public static Treatment Generalise { get; } = new GeneraliseTreatment();

    /// <summary>Nothing at all.</summary>
    public static Treatment Drop { get; } = new DropTreatment();

    /// <summary>
    /// What a reviewer gets: kind, length and keyed fingerprint, so that nobody can exchange a value unseen:
    /// <c>[card 16 chars #abcdefghijkl]</c>. It is for cards alone and has no name in configuration.
    /// </summary>
    internal static Treatment Fingerprint { get; } = new FingerprintTreatment();

    /// <summary>The names in configuration.</summary>
    public static ImmutableArray<string> Names { get; } =
        ["redact", "partial", "hash", "tokenise", "generalise", "drop"];

    /// <summary>Whether it cannot be done without a key.</summary>
    public bool NeedsKey => this is HashTreatment or TokeniseTreatment or FingerprintTreatment;

    /// <summary>This treatment, or the plain mask where it would need a key.</summary>
    public Treatment WithoutKey() => NeedsKey ? Redact : this;

    /// <summary>The treatment of a name in configuration; <c>null</c> when there is none.</summary>
    public static Treatment? Named(string name) => name switch
    {
        "redact" => Redact,
        "partial" => Partial,
        "hash" => Hash,
        "tokenise" => Tokenise,
        "generalise" => Generalise,
        "drop" => Drop,
        _ => null,
    };

    internal sealed record RedactTreatment : Treatment;

    internal sealed record PartialTreatment : Treatment;

    internal sealed record HashTreatment : Treatment;

    internal sealed record TokeniseTreatment : Treatment;

    internal sealed record GeneraliseTreatment : Treatment;

    internal sealed record FingerprintTreatment : Treatment;

    internal sealed record DropTreatment : Treatment;
}
