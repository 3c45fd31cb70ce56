using Countersign.Core.Identity;

namespace Countersign.Core;

/// <summary>
/// Codes that custodians keep in sealed envelopes. Whoever breaks the glass needs those of two of them, so that a
/// stolen credential breaks nothing (THR-017). A code is sealed under a key of the ledger: no node keeps what was made.
/// It works once; the store keeps which were used.
/// </summary>
public sealed class BreakGlassCodes(ReadOnlyMemory<byte> key, Func<DateTimeOffset> now, FillRandom random)
{
    /// <summary>How long a code works: somebody looks into the envelopes at least twice a year.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(180);

    private readonly SealedCodes _codes = new(key, "countersign-break-glass-code-v1\n", nonceBytes: 16);

    /// <summary>Makes a code for a custodian's envelope.</summary>
    public string Create(PersonId custodian) => _codes.Create(custodian.Value, now() + Lifetime, random);

    /// <summary>Reads a code; <c>null</c> when it is none of this ledger's, or has expired.</summary>
    internal BreakGlassCode? TryRead(string text) => _codes.TryRead(text, now()) is { About.Length: > 0 } code
        ? new BreakGlassCode(new PersonId(code.About), $"break-glass:{code.Hash}", code.Until)
        : null;
}

/// <summary>A code that holds.</summary>
/// <param name="Custodian">In whose envelope it was.</param>
/// <param name="Key">Names its one use for the store, without being the code.</param>
/// <param name="Until">When it expires.</param>
internal sealed record BreakGlassCode(PersonId Custodian, string Key, DateTimeOffset Until);
