using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Conversions between types (langdef, "Type Conversions").</summary>
internal static class ConversionFunctions
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, true);
    private static readonly CelValue OutOfRange = CelValue.Error("the number does not fit the type it is converted to");

    public static readonly ImmutableArray<Overload> All =
    [
        .. Identities(),
        new("bool", [CelType.String], CelType.Bool, static (ref e, scoped a) => ToBool(a[0].AsString)),
        new("int", [CelType.Uint], CelType.Int, static (ref e, scoped a) =>
            a[0].AsUint > long.MaxValue ? OutOfRange : CelValue.FromInt((long)a[0].AsUint)),
        new("int", [CelType.Double], CelType.Int, static (ref e, scoped a) =>
            Numbers.TryToInt(a[0].AsDouble, out var value) ? CelValue.FromInt(value) : OutOfRange),
        new("int", [CelType.String], CelType.Int, static (ref e, scoped a) => ToInt(a[0].AsString)),
        new("int", [CelType.Timestamp], CelType.Int, static (ref e, scoped a) => CelValue.FromInt(a[0].Seconds)),
        new("int", [CelType.Duration], CelType.Int, static (ref e, scoped a) =>
            CelValue.FromInt(a[0].Nanoseconds / Durations.PerSecond)),
        new("uint", [CelType.Int], CelType.Uint, static (ref e, scoped a) =>
            a[0].AsInt < 0 ? OutOfRange : CelValue.FromUint((ulong)a[0].AsInt)),
        new("uint", [CelType.Double], CelType.Uint, static (ref e, scoped a) =>
            Numbers.TryToUint(a[0].AsDouble, out var value) ? CelValue.FromUint(value) : OutOfRange),
        new("uint", [CelType.String], CelType.Uint, static (ref e, scoped a) => ToUint(a[0].AsString)),
        new("double", [CelType.Int], CelType.Double, static (ref e, scoped a) => CelValue.FromDouble(a[0].AsInt)),
        new("double", [CelType.Uint], CelType.Double, static (ref e, scoped a) => CelValue.FromDouble(a[0].AsUint)),
        new("double", [CelType.String], CelType.Double, static (ref e, scoped a) => ToDouble(a[0].AsString)),
        new("bytes", [CelType.String], CelType.Bytes, static (ref e, scoped a) => ToBytes(a[0].AsString))
        {
            Growth = Growth.Sum,
        },
        new("string", [CelType.Bytes], CelType.String, static (ref e, scoped a) => FromUtf8(a[0].Octets))
        {
            Growth = Growth.Sum,
        },
        .. Printable(),
        new("timestamp", [CelType.String], CelType.Timestamp, static (ref e, scoped a) =>
            Instants.Parse(a[0].AsString)),
        new("timestamp", [CelType.Int], CelType.Timestamp, static (ref e, scoped a) =>
            Instants.FromSeconds(a[0].AsInt)),
        new("duration", [CelType.String], CelType.Duration, static (ref e, scoped a) => Durations.Parse(a[0].AsString)),
        new("dyn", [CelType.Dyn], CelType.Dyn, static (ref e, scoped a) => a[0])
        {
            Effort = Effort.Constant,
            Growth = Growth.Sum,
        },
        new("type", [CelType.Dyn], CelType.Type, static (ref e, scoped a) => CelValue.FromType(Kinds.TypeOf(a[0].Kind)))
        {
            Effort = Effort.Constant,
        },
    ];

    private static IEnumerable<Overload> Identities() =>
        new[]
        {
            ("bool", CelType.Bool), ("int", CelType.Int), ("uint", CelType.Uint), ("double", CelType.Double),
            ("string", CelType.String), ("bytes", CelType.Bytes), ("timestamp", CelType.Timestamp),
            ("duration", CelType.Duration),
        }.Select(static pair => new Overload(pair.Item1, [pair.Item2], pair.Item2, static (ref e, scoped a) => a[0])
        {
            Effort = Effort.Constant,
            Growth = Growth.Sum,
        });

    private static IEnumerable<Overload> Printable() =>
        new[]
        {
            CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.Timestamp, CelType.Duration,
        }.Select(static type => new Overload("string", [type], CelType.String, static (ref e, scoped a) =>
            CelValue.FromString(ValueText.TryConvert(a[0], out var text) ? text : "")));

    private static CelValue ToBool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => CelValue.True,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => CelValue.False,
        _ => CelValue.Error("only true, t, 1, false, f and 0 convert to bool"),
    };

    private static CelValue ToInt(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? CelValue.FromInt(value)
            : CelValue.Error("the string is no int");

    private static CelValue ToUint(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? CelValue.FromUint(value)
            : CelValue.Error("the string is no uint");

    private static CelValue ToDouble(string text)
    {
        const NumberStyles Styles =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return text switch
        {
            "Inf" or "+Inf" or "Infinity" or "+Infinity" => CelValue.FromDouble(double.PositiveInfinity),
            "-Inf" or "-Infinity" => CelValue.FromDouble(double.NegativeInfinity),
            "NaN" => CelValue.FromDouble(double.NaN),
            _ => double.TryParse(text, Styles, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? CelValue.FromDouble(value)
                : CelValue.Error("the string is no double"),
        };
    }

    private static CelValue ToBytes(string text)
    {
        try
        {
            return CelValue.FromOctets(StrictUtf8.GetBytes(text));
        }
        catch (EncoderFallbackException)
        {
            return CelValue.Error("the string holds a lone surrogate, which has no UTF-8 form");
        }
    }

    private static CelValue FromUtf8(byte[] octets)
    {
        try
        {
            return CelValue.FromString(StrictUtf8.GetString(octets));
        }
        catch (DecoderFallbackException)
        {
            return CelValue.Error("the bytes are no valid UTF-8");
        }
    }
}
