using System.Numerics;
using Countersign.Core.Ledger.Ed25519;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Ledger.Ed25519;

public sealed class FieldElementTests
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 255) - 19;

    // Random numbers rarely reach the carries; numbers of long runs of ones and zeros do.
    private static readonly Gen<BigInteger> Numbers = Gen.OneOf(
        Gen.Choose(0, 255).ListOf(32).Select(static bytes => FromBytes([.. bytes.Select(static b => (byte)b)])),
        Gen.Choose(0, 60).Select(static distance => Prime - 1 - distance),
        Gen.Choose(0, 60).Select(static small => (BigInteger)small),
        Gen.Choose(0, 254).Two().Select(
            static bits => BigInteger.Abs(BigInteger.Pow(2, bits.Item1) - BigInteger.Pow(2, bits.Item2)) % Prime));

    [Fact]
    public void Its_arithmetic_is_that_of_integers_modulo_the_prime() => Prop
        .ForAll(Numbers.Two().ToArbitrary(), static pair =>
        {
            var (a, b) = pair;
            var (x, y) = (Element(a), Element(b));
            return Number(x + y) == Mod(a + b)
                && Number(x - y) == Mod(a - b)
                && Number(x * y) == Mod(a * b)
                && Number(-x) == Mod(-a)
                && Number((x + y) * (x + y)) == Mod((a + b) * (a + b))
                && Number((x + y) - (y + y)) == Mod(a - b);
        })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Its_powers_are_those_of_integers() => Prop
        .ForAll(Numbers.ToArbitrary(), static a =>
            Number(Element(a).Invert()) == BigInteger.ModPow(a, Prime - 2, Prime)
            && Number(Element(a).PowerP58()) == BigInteger.ModPow(a, (Prime - 5) / 8, Prime)
            && Element(a).IsNegative == !a.IsEven
            && Element(a).IsZero == a.IsZero)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_number_not_below_the_prime_is_no_encoding()
    {
        for (var number = Prime; number < BigInteger.Pow(2, 255); number++)
        {
            Assert.False(FieldElement.TryRead(ToBytes(number), out _));
        }

        Assert.True(FieldElement.TryRead(ToBytes(Prime - 1), out _));
    }

    [Fact]
    public void A_scalar_is_reduced_as_integers_are() => Prop
        .ForAll(Gen.Choose(0, 255).ListOf(64).ToArbitrary(), static list =>
        {
            byte[] bytes = [.. list.Select(static b => (byte)b)];
            var order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
            var reduced = Scalar.Reduce(bytes);
            var expected = new BigInteger(bytes, isUnsigned: true) % order;
            return Enumerable.Range(0, Scalar.Nibbles).All(i => reduced.Nibble(i) == (int)((expected >> (4 * i)) & 15));
        })
        .QuickCheckThrowOnFailure();

    private static BigInteger FromBytes(byte[] bytes) => new BigInteger(bytes, isUnsigned: true) % Prime;

    private static BigInteger Mod(BigInteger number) => ((number % Prime) + Prime) % Prime;

    private static BigInteger Number(FieldElement element) => new(element.ToBytes(), isUnsigned: true);

    private static FieldElement Element(BigInteger number)
    {
        Assert.True(FieldElement.TryRead(ToBytes(number), out var element));
        return element;
    }

    private static byte[] ToBytes(BigInteger number)
    {
        var bytes = new byte[32];
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }
}
