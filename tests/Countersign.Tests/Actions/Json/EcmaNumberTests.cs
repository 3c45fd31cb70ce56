using System.Globalization;
using System.Text;
using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Actions.Json;

public sealed class EcmaNumberTests
{
    /// <summary>RFC 8785 appendix B, without the rows of NaN and Infinity, and the borders of each layout.</summary>
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void A_double_is_written_as_the_table_of_RFC_8785_says(string bits, string expected) =>
        Assert.Equal(expected, Write(BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, null))));

    [Theory]
    [InlineData(1, "1")]
    [InlineData(120, "120")]
    [InlineData(0.5, "0.5")]
    [InlineData(0.00012, "0.00012")]
    [InlineData(1.2e-7, "1.2e-7")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1.5e20, "150000000000000000000")]
    [InlineData(1e100, "1e+100")]
    [InlineData(-12.75, "-12.75")]
    public void Each_layout_is_chosen_by_the_place_of_the_point(double value, string expected) =>
        Assert.Equal(expected, Write(value));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_that_is_not_finite_has_no_text(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Write(value));

    private static string Write(double value)
    {
        var output = new OutputBuffer(32);
        EcmaNumber.Append(output, value);
        return Encoding.ASCII.GetString(output.Written);
    }
}
