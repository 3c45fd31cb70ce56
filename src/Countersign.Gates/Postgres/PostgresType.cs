using System.Collections.Frozen;
using System.Globalization;

namespace Countersign.Gates.Postgres;

/// <summary>OIDs of built-in types, which are the same on every server (<c>pg_type.dat</c>).</summary>
internal static class PostgresType
{
    public const uint Unspecified = 0;
    public const uint Bool = 16;
    public const uint Bytea = 17;
    public const uint Name = 19;
    public const uint Int8 = 20;
    public const uint Int2 = 21;
    public const uint Int4 = 23;
    public const uint Regproc = 24;
    public const uint Text = 25;
    public const uint Oid = 26;
    public const uint Json = 114;
    public const uint Xml = 142;
    public const uint Float4 = 700;
    public const uint Float8 = 701;
    public const uint Unknown = 705;
    public const uint Bpchar = 1042;
    public const uint Varchar = 1043;
    public const uint Date = 1082;
    public const uint Time = 1083;
    public const uint Timestamp = 1114;
    public const uint TimestampTz = 1184;
    public const uint Interval = 1186;
    public const uint Numeric = 1700;
    public const uint Regclass = 2205;
    public const uint Uuid = 2950;
    public const uint Jsonb = 3802;

    /// <summary>Whether the type's binary form is its text.</summary>
    public static bool IsText(uint type) => type is Text or Varchar or Bpchar or Name or Json or Xml or Unknown;

    private const string ByNumber = "oid ";
    private const string OfMany = "[]";

    /// <summary>Arrays, and the types of their elements.</summary>
    private static readonly FrozenDictionary<uint, uint> s_elements = new Dictionary<uint, uint>
    {
        [1000] = Bool, [1001] = Bytea, [1005] = Int2, [1007] = Int4, [1009] = Text, [1015] = Varchar, [1016] = Int8,
        [1021] = Float4, [1022] = Float8, [1115] = Timestamp, [1182] = Date, [1185] = TimestampTz, [1231] = Numeric,
        [2951] = Uuid, [3807] = Jsonb,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, uint> s_byName = new[]
    {
        Unknown, Bool, Bytea, Name, Int8, Int2, Int4, Regproc, Text, Oid, Json, Xml, Float4, Float8, Bpchar, Varchar,
        Date, Time, Timestamp, TimestampTz, Interval, Numeric, Regclass, Uuid, Jsonb,
    }.Concat(s_elements.Keys).ToFrozenDictionary(NameOf, StringComparer.Ordinal);

    /// <summary>The type of an array's elements.</summary>
    public static bool TryFindElement(uint type, out uint element) => s_elements.TryGetValue(type, out element);

    /// <summary>Reads what <see cref="NameOf"/> writes; a type that nobody knows is left to the server.</summary>
    public static bool TryRead(string name, out uint type)
    {
        if (s_byName.TryGetValue(name, out type))
        {
            type = type == Unknown ? Unspecified : type;
            return true;
        }

        return name.StartsWith(ByNumber, StringComparison.Ordinal)
            && uint.TryParse(name.AsSpan(ByNumber.Length), NumberStyles.None, CultureInfo.InvariantCulture, out type);
    }

    /// <summary>The type as SQL names it; others by their OID.</summary>
    public static string NameOf(uint type) => type switch
    {
        Unspecified or Unknown => "unknown",
        Bool => "boolean",
        Bytea => "bytea",
        Name => "name",
        Int8 => "bigint",
        Int2 => "smallint",
        Int4 => "integer",
        Regproc => "regproc",
        Text => "text",
        Oid => "oid",
        Json => "json",
        Xml => "xml",
        Float4 => "real",
        Float8 => "double precision",
        Bpchar => "character",
        Varchar => "character varying",
        Date => "date",
        Time => "time",
        Timestamp => "timestamp",
        TimestampTz => "timestamptz",
        Interval => "interval",
        Numeric => "numeric",
        Regclass => "regclass",
        Uuid => "uuid",
        Jsonb => "jsonb",
        _ when s_elements.TryGetValue(type, out var element) => NameOf(element) + OfMany,
        _ => ByNumber + type.ToString(CultureInfo.InvariantCulture),
    };
}
