using System.Collections.Frozen;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// What never fails, whatever values it is given. An error that depends on a value tells about it, however well the
/// result is masked, so everything that is not in these lists counts as a use that decides.
/// </summary>
internal static class Totality
{
    private const long RowCompareLink = 3;
    private const long ArrayLink = 6;

    /// <summary>text, varchar, bpchar, name, unknown: what every value can be written as.</summary>
    private static readonly FrozenSet<uint> s_texts = FrozenSet.Create<uint>(25, 1043, 1042, 19, 705);

    /// <summary>json and json[]: valid there need not be valid as jsonb.</summary>
    private static readonly FrozenSet<uint> s_json = FrozenSet.Create<uint>(114, 199);

    private static readonly FrozenSet<string> s_nodes = Words("""
        QUERY RANGETBLENTRY RTE RANGETBLREF RANGETBLFUNCTION FROMEXPR JOINEXPR ALIAS COMMONTABLEEXPR TARGETENTRY
        SORTGROUPCLAUSE GROUPINGSET WINDOWCLAUSE SETOPERATIONSTMT ROWMARKCLAUSE RTEPERMISSIONINFO
        VAR CONST PARAM GROUPINGFUNC NAMEDARGEXPR BOOLEXPR FIELDSELECT RELABELTYPE ARRAYCOERCEEXPR CONVERTROWTYPEEXPR
        COLLATEEXPR COLLATE CASEEXPR CASE CASEWHEN WHEN CASETESTEXPR ROWEXPR ROW COALESCEEXPR COALESCE MINMAXEXPR MINMAX
        SQLVALUEFUNCTION NULLTEST BOOLEANTEST
        """);

    /// <summary>Comparisons of two values of one type, or of whole numbers.</summary>
    private static readonly FrozenSet<string> s_comparisons = Words("""
        texteq textne text_lt text_le text_gt text_ge bpchareq bpcharne bpcharlt bpcharle bpchargt bpcharge
        nameeq namene namelt namele namegt namege nameeqtext namenetext texteqname textnename
        int2eq int2ne int2lt int2le int2gt int2ge int4eq int4ne int4lt int4le int4gt int4ge
        int8eq int8ne int8lt int8le int8gt int8ge int24eq int24ne int24lt int24le int24gt int24ge
        int28eq int28ne int28lt int28le int28gt int28ge int42eq int42ne int42lt int42le int42gt int42ge
        int48eq int48ne int48lt int48le int48gt int48ge int82eq int82ne int82lt int82le int82gt int82ge
        int84eq int84ne int84lt int84le int84gt int84ge
        numeric_eq numeric_ne numeric_lt numeric_le numeric_gt numeric_ge
        float4eq float4ne float4lt float4le float4gt float4ge float8eq float8ne float8lt float8le float8gt float8ge
        booleq boolne boollt boolle boolgt boolge byteaeq byteane bytealt byteale byteagt byteage
        date_eq date_ne date_lt date_le date_gt date_ge uuid_eq uuid_ne uuid_lt uuid_le uuid_gt uuid_ge
        timestamp_eq timestamp_ne timestamp_lt timestamp_le timestamp_gt timestamp_ge
        timestamptz_eq timestamptz_ne timestamptz_lt timestamptz_le timestamptz_gt timestamptz_ge
        """);

    /// <summary>Functions, and how many of their arguments may be anything; the rest has to be constant.</summary>
    private static readonly FrozenDictionary<string, int> s_functions = Signatures(
        (int.MaxValue, """
            length(text); length(character); length(bytea); char_length(text); char_length(character);
            character_length(text); character_length(character); octet_length(text); octet_length(character);
            octet_length(bytea); bit_length(text); bit_length(bytea); upper(text); lower(text); initcap(text);
            reverse(text); md5(text); md5(bytea); sha224(bytea); sha256(bytea); sha384(bytea); sha512(bytea);
            btrim(text); btrim(text, text); ltrim(text); ltrim(text, text); rtrim(text); rtrim(text, text);
            left(text, integer); right(text, integer); starts_with(text, text); strpos(text, text);
            position(text, text); textcat(text, text); textanycat(text, anynonarray); anytextcat(anynonarray, text);
            byteacat(bytea, bytea); concat("any"); concat_ws(text, "any"); quote_ident(text); quote_literal(text);
            quote_nullable(text); text(boolean); text(character); text(inet); text(name); name(text); name(character);
            name(character varying); varchar(name); bpchar(name); to_json(anyelement); to_jsonb(anyelement);
            row_to_json(record); array_to_json(anyarray); json_build_array("any"); jsonb_build_array("any");
            count("any"); count(); string_agg(text, text); string_agg(bytea, bytea); array_agg(anynonarray);
            json_agg(anyelement); jsonb_agg(anyelement); bool_and(boolean); bool_or(boolean); every(boolean);
            sum(smallint); sum(integer); sum(bigint); avg(smallint); avg(integer); avg(bigint);
            int4(smallint); int8(smallint); int8(integer); numeric(smallint); numeric(integer); numeric(bigint);
            float8(smallint); float8(integer); float8(bigint); float8(real); float4(smallint); float4(integer);
            rank(); dense_rank(); row_number(); lag(anyelement); lead(anyelement); first_value(anyelement);
            last_value(anyelement)
            """),
        (1, """
            substr(text, integer); substr(text, integer, integer); substring(text, integer);
            substring(text, integer, integer); substr(bytea, integer); substr(bytea, integer, integer);
            substring(bytea, integer); substring(bytea, integer, integer); split_part(text, text, integer);
            encode(bytea, text); varchar(character varying, integer, boolean); bpchar(character, integer, boolean);
            row_to_json(record, boolean); array_to_json(anyarray, boolean); nth_value(anyelement, integer);
            lag(anyelement, integer); lead(anyelement, integer); lpad(text, integer); rpad(text, integer)
            """),
        (0, """
            current_setting(text); current_setting(text, boolean); now(); clock_timestamp(); random(); version();
            gen_random_uuid(); current_database(); current_schema(); pg_backend_pid()
            """));

    private static readonly FrozenSet<string> s_ordered = Words(
        "smallint integer bigint numeric real text character date uuid oid inet").Concat(
        ["double precision", "timestamp without time zone", "timestamp with time zone", "time without time zone"])
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether evaluating the node itself may fail; what is below it is asked for itself.</summary>
    public static bool MayFail(NodeValue.Node node, CatalogFacts facts) => node.Label switch
    {
        "FUNCEXPR" => node.Flag("funcretset") || IsPartial(node, "funcid", Arguments(node), facts),
        "OPEXPR" or "DISTINCTEXPR" or "NULLIFEXPR" or "SCALARARRAYOPEXPR" =>
            IsPartial(node, "opfuncid", Arguments(node), facts),
        "AGGREF" => node.Field("aggdirectargs") is not NodeValue.Missing
            || IsPartial(node, "aggfnoid", Arguments(node), facts),
        "WINDOWFUNC" => IsPartial(node, "winfnoid", Arguments(node), facts),
        "COERCEVIAIO" => !s_texts.Contains(node.Oid("resulttype")),
        "ARRAYEXPR" or "ARRAY" => node.Flag("multidims"),
        "SUBSCRIPTINGREF" => node.Field("refassgnexpr") is not NodeValue.Missing,
        "SUBLINK" => node.Number("subLinkType") is RowCompareLink or ArrayLink,
        var label => !s_nodes.Contains(label),
    };

    /// <summary>
    /// Whether making JSON of a column's values may fail: a type that somebody made may have a cast to JSON, which is
    /// code; JSON text need not be valid as <c>jsonb</c>.
    /// </summary>
    public static bool IsHardAsJson(uint type) => !CatalogFacts.IsBuiltIn(type) || s_json.Contains(type);

    public static bool MakesJson(NodeValue.Node node, CatalogFacts facts) =>
        node.Label is "FUNCEXPR" or "AGGREF" or "WINDOWFUNC"
        && NameOf(node.Oid(FunctionOf(node.Label)), facts).Contains("json", StringComparison.Ordinal);

    private static string FunctionOf(string label) => label switch
    {
        "FUNCEXPR" => "funcid",
        "AGGREF" => "aggfnoid",
        _ => "winfnoid",
    };

    private static string NameOf(uint oid, CatalogFacts facts) =>
        facts.BuiltIns.Functions.GetValueOrDefault(oid).Name ?? "";

    private static List<NodeValue> Arguments(NodeValue.Node node) => [.. node.List("args")];

    private static bool IsPartial(
        NodeValue.Node node, string field, List<NodeValue> arguments, CatalogFacts facts)
    {
        if (!facts.BuiltIns.Functions.TryGetValue(node.Oid(field), out var function))
        {
            return true;
        }

        if (s_comparisons.Contains(function.Name) || IsExtreme(function))
        {
            return false;
        }

        if (function.Name is "json_build_object" or "jsonb_build_object")
        {
            // A name that is NULL is an error.
            return node.Flag("funcvariadic") || arguments.Where((_, index) => index % 2 == 0).Any(Varies);
        }

        return !s_functions.TryGetValue(function.Signature, out var free) || arguments.Skip(free).Any(Varies);
    }

    private static bool IsExtreme(BuiltInFunction function) =>
        function.Name is "min" or "max" && s_ordered.Contains(function.Signature[4..^1]);

    private static bool Varies(NodeValue argument) => argument is not NodeValue.Node node
        || node.Everything().Any(inner => inner.Label is "VAR" or "SUBLINK" or "CASETESTEXPR");

    private static FrozenSet<string> Words(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    private static FrozenDictionary<string, int> Signatures(params (int Free, string Text)[] lists) => lists
        .SelectMany(list => list.Text
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(signature => KeyValuePair.Create(signature, list.Free)))
        .ToFrozenDictionary(StringComparer.Ordinal);
}
