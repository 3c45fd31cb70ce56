namespace Countersign.Gates.Postgres.Statements;

/// <summary>
/// A relation's schema and name as facts and policies spell it: <c>schema.name</c>, each part quoted only where
/// PostgreSQL would have to.
/// </summary>
internal readonly record struct RelationName
{
    private readonly string? _schema;
    private readonly string? _name;
    private readonly string? _text;
    private readonly string? _sql;

    public RelationName(string schema, string name)
    {
        _schema = schema;
        _name = name;
        _text = $"{Quoted(schema)}.{Quoted(name)}";
        _sql = $"{Always(schema)}.{Always(name)}";
    }

    /// <summary>Without quotes, as in the catalog.</summary>
    public string Schema => _schema ?? throw NotSet();

    /// <summary>Without its schema and quotes, as in the catalog.</summary>
    public string Name => _name ?? throw NotSet();

    public string Text => _text ?? throw NotSet();

    /// <summary>For a text that is run: a bare word could be a keyword.</summary>
    public string Sql => _sql ?? throw NotSet();

    public override string ToString() => Text;

    /// <summary>An identifier as SQL takes it: bare when it is lower case and plain, and in quotes otherwise.</summary>
    public static string Quoted(string identifier) =>
        identifier.Length > 0
        && !char.IsAsciiDigit(identifier[0])
        && identifier.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')
            ? identifier
            : Always(identifier);

    private static InvalidOperationException NotSet() => new("A relation's name was never set.");

    private static string Always(string identifier) =>
        $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
