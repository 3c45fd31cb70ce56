namespace Countersign.Core.Ledger.Ed25519;

/// <summary>The constants of edwards25519 (RFC 8032 section 5.1), computed from their definitions.</summary>
internal static class Curve
{
    /// <summary>d = -121665/121666.</summary>
    public static FieldElement D { get; } = -FieldElement.Of(121665) * FieldElement.Of(121666).Invert();

    public static FieldElement TwoD { get; } = D + D;

    /// <summary>2^((p-1)/4), a square root of -1, because (p-1)/4 = 2 (p-5)/8 + 1.</summary>
    public static FieldElement RootOfMinusOne { get; } =
        FieldElement.Of(2).PowerP58().Square() * FieldElement.Of(2);
}
