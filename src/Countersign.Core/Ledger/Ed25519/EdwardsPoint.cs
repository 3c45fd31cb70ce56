namespace Countersign.Core.Ledger.Ed25519;

/// <summary>
/// A point of edwards25519 in extended coordinates (RFC 8032 section 5.1.4): x = X/Z, y = Y/Z, xy = T/Z.
/// </summary>
internal readonly struct EdwardsPoint
{
    public const int Length = 32;

    private const int WindowSize = 16;

    private readonly FieldElement _x;
    private readonly FieldElement _y;
    private readonly FieldElement _z;
    private readonly FieldElement _t;

    private EdwardsPoint(in FieldElement x, in FieldElement y, in FieldElement z, in FieldElement t)
    {
        _x = x;
        _y = y;
        _z = z;
        _t = t;
    }

    public static EdwardsPoint Identity { get; } =
        new(FieldElement.Zero, FieldElement.One, FieldElement.One, FieldElement.Zero);

    /// <summary>B of RFC 8032 section 5.1: y = 4/5, x even.</summary>
    public static EdwardsPoint Base { get; } = FindBase();

    /// <summary>Points of order 1, 2, 4 and 8, the torsion of the curve.</summary>
    public bool HasSmallOrder
    {
        get
        {
            var eightfold = Double().Double().Double();
            return eightfold._x.IsZero && eightfold._y.Is(eightfold._z);
        }
    }

    public static EdwardsPoint operator -(in EdwardsPoint point) => new(-point._x, point._y, point._z, -point._t);

    /// <summary>The unified addition of RFC 8032 section 5.1.4.</summary>
    public static EdwardsPoint operator +(in EdwardsPoint p, in EdwardsPoint q)
    {
        var a = (p._y - p._x) * (q._y - q._x);
        var b = (p._y + p._x) * (q._y + q._x);
        var c = p._t * Curve.TwoD * q._t;
        var d = (p._z + p._z) * q._z;
        return FromFactors(e: b - a, f: d - c, g: d + c, h: b + a);
    }

    /// <summary>
    /// Decodes 32 bytes (RFC 8032 section 5.1.3); refuses what is not on the curve or has another spelling.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out EdwardsPoint point)
    {
        point = Identity;
        var wantNegative = (bytes[^1] & 0x80) != 0;
        if (!FieldElement.TryRead(bytes, out var y) || !TryFindX(y, out var x) || (x.IsZero && wantNegative))
        {
            return false;
        }

        x = x.IsNegative == wantNegative ? x : -x;
        point = new EdwardsPoint(x, y, FieldElement.One, x * y);
        return true;
    }

    /// <summary>y with the sign of x in its top bit (RFC 8032 section 5.1.2).</summary>
    public byte[] Encode()
    {
        var inverse = _z.Invert();
        var bytes = (_y * inverse).ToBytes();
        bytes[^1] |= (byte)((_x * inverse).IsNegative ? 0x80 : 0);
        return bytes;
    }

    /// <summary>The multiples 0 to 15, from which <see cref="Combine"/> picks.</summary>
    public EdwardsPoint[] Window()
    {
        var multiples = new EdwardsPoint[WindowSize];
        multiples[0] = Identity;
        for (var i = 1; i < WindowSize; i++)
        {
            multiples[i] = multiples[i - 1] + this;
        }

        return multiples;
    }

    /// <summary>a × P + b × Q, both scalars at once from the top, four bits a step.</summary>
    public static EdwardsPoint Combine(Scalar a, EdwardsPoint[] windowOfP, Scalar b, EdwardsPoint[] windowOfQ)
    {
        var sum = Identity;
        for (var i = Scalar.Nibbles - 1; i >= 0; i--)
        {
            sum = sum.Double().Double().Double().Double();
            sum = sum + windowOfP[a.Nibble(i)] + windowOfQ[b.Nibble(i)];
        }

        return sum;
    }

    private static EdwardsPoint FindBase()
    {
        var y = FieldElement.Of(4) * FieldElement.Of(5).Invert();
        return TryDecode(y.ToBytes(), out var point) ? point : throw new System.Diagnostics.UnreachableException();
    }

    // Section 5.1.3: x^2 = u/v with u = y^2 - 1 and v = d y^2 + 1. The candidate u v^3 (u v^7)^((p-5)/8) is the root,
    // or becomes it times the square root of -1, or there is none.
    private static bool TryFindX(in FieldElement y, out FieldElement x)
    {
        var u = y.Square() - FieldElement.One;
        var v = (Curve.D * y.Square()) + FieldElement.One;
        var v3 = v.Square() * v;
        x = u * v3 * (u * v3.Square() * v).PowerP58();
        var check = v * x.Square();
        if (check.Is(-u))
        {
            x *= Curve.RootOfMinusOne;
            return true;
        }

        return check.Is(u);
    }

    private static EdwardsPoint FromFactors(
        in FieldElement e, in FieldElement f, in FieldElement g, in FieldElement h) =>
        new(e * f, g * h, f * g, e * h);

    // RFC 8032 section 5.1.4, with all signs turned, which leaves the quotients as they are.
    private EdwardsPoint Double()
    {
        var a = _x.Square();
        var b = _y.Square();
        var zz = _z.Square();
        var h = a + b;
        var e = h - (_x + _y).Square();
        var g = a - b;
        return FromFactors(e, zz + zz + g, g, h);
    }
}
