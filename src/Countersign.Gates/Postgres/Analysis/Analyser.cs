using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Gates.Postgres.Analysis.Catalog;
using Countersign.Gates.Postgres.Analysis.Trees;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;
using Npgsql;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// Says what a statement does, according to the server that will run it:
/// 1. parameters without a type get the one that the server gives them;
/// 2. the server resolves the statement (<see cref="Resolver"/>) and hands out its tree;
/// 3. the tree is walked (<see cref="StatementWalk"/>), and what is missing from the catalog is asked for, until
///    nothing is;
/// 4. where its result comes from and what it depends on is added.
/// Everything that goes wrong on the way ends in <see cref="Analysed.Opaque"/>.
/// </summary>
internal sealed class Analyser : IAsyncDisposable
{
    /// <summary>Rounds of questions to the catalog: views upon views, functions that call functions.</summary>
    public const int MostRounds = 40;

    /// <summary>FUNC_MAX_ARGS: a function takes no more, so beyond them parameters of one type become one.</summary>
    public const int MostParameters = 100;

    private const int PreparedStatements = 40;
    private const int OldestServer = 14;
    private const uint Unknown = 705;

    private readonly AnalyserOptions _options;
    private readonly NpgsqlDataSource _source;
    private readonly CatalogWatch _watch;
    private BuiltIns? _builtIns;
    private volatile KnownFacts? _known;
    private volatile FrozenSet<uint> _textTypes = [];
    private volatile bool _textTypesAreOld = true;

    public Analyser(AnalyserOptions options, TimeProvider time)
    {
        _options = options;
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            Pooling = true,
            MaxPoolSize = options.Connections,
            MaxAutoPrepare = PreparedStatements,
            AutoPrepareMinUsages = 2,
            SearchPath = "pg_catalog",
            Enlist = false,

            // All that an analysis changes ends with its transaction; a reset would cost a round of its own.
            NoResetOnClose = true,
            ApplicationName = "countersign analysis",
            Timeout = Seconds(options.Patience),
            CommandTimeout = Seconds(options.Patience),
        };
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        builder.UsePhysicalConnectionInitializer(Resolver.MakeRoom, Resolver.MakeRoomAsync);
        _source = builder.Build();
        _watch = new CatalogWatch(_source, time, options.CatalogAge);
    }

    /// <param name="text">One SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE, without a semicolon.</param>
    /// <param name="parameters">Types of its parameters; 0 is one that nobody named.</param>
    /// <param name="meaning">The session's settings.</param>
    /// <param name="version">The catalog's state (<see cref="CatalogAsync"/>), so that a read may use what earlier
    /// analyses of the same state learned; <c>null</c> when the server shall be asked for everything.</param>
    /// <param name="cancellationToken">Stops waiting for the server.</param>
    public Task<Analysed> AnalyseAsync(
        string text, ImmutableArray<uint> parameters, Meaning meaning, CatalogVersion? version,
        CancellationToken cancellationToken) =>
        GuardAsync(
            connection => AnalyseAsync(
                connection, text, parameters, meaning, version is { } now ? KnownAt(now) : null, cancellationToken),
            cancellationToken);

    /// <summary>
    /// What a statement does that the server's analyser does not take: DDL, TRUNCATE, LOCK TABLE, VACUUM.
    /// </summary>
    /// <param name="utility">What its tree says.</param>
    /// <param name="inner">Text of the query inside, where there is one.</param>
    /// <param name="meaning">The session's settings.</param>
    /// <param name="cancellationToken">Stops waiting for the server.</param>
    public Task<Analysed> AnalyseCommandAsync(
        CommandEffect utility, string? inner, Meaning meaning, CancellationToken cancellationToken) =>
        GuardAsync(
            async connection =>
            {
                var named = await Resolver.ObjectsAsync(connection, utility, meaning, _options, cancellationToken);
                var own = await WalkAsync(
                    connection,
                    meaning,
                    new CatalogFacts(_builtIns!, known: null),
                    facts => new NamedObjectWalk(facts, utility, named).Effects(),
                    cancellationToken);
                return inner is null
                    ? new Analysed.Understood(own)
                    : await AnalyseAsync(
                        connection, inner, [], meaning, known: null, cancellationToken) is Analysed.Understood query
                        ? new Analysed.Understood(Kept(own.Then(query.Effects), query.Effects))
                        : new Analysed.Opaque("The query inside was not understood.", IsTransient: false);
            },
            cancellationToken);

    /// <summary>
    /// What a query inside a command gives is kept somewhere, where it is masked by another name or none.
    /// </summary>
    private static Effects Kept(Effects together, Effects query) => together with
    {
        Output = [], Deciding = together.Deciding.With(query.Sources),
    };

    /// <summary>
    /// Whether values of a type that somebody made are plain texts on the wire, as those of citext are.
    /// </summary>
    public bool IsText(uint type) => _textTypes.Contains(type);

    /// <summary>The state of the catalog, at most <see cref="AnalyserOptions.CatalogAge"/> old.</summary>
    public ValueTask<CatalogVersion> CatalogAsync(CancellationToken cancellationToken) =>
        _watch.CurrentAsync(cancellationToken);

    /// <summary>The state of all functions, procedures, triggers, rules, operators and casts people made.</summary>
    public Task<CatalogVersion> CodeAsync(CancellationToken cancellationToken) =>
        _watch.CodeAsync(cancellationToken);

    /// <summary>DDL went through the gate: nothing that is kept may be used unasked.</summary>
    public void CatalogChanged()
    {
        _watch.Forget();
        _known = null;
    }

    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return _source.DisposeAsync();
    }

    private KnownFacts KnownAt(CatalogVersion version)
    {
        if (_known is { } known && known.Version == version)
        {
            return known;
        }

        _textTypesAreOld = true;
        return _known = new KnownFacts(version);
    }

    /// <summary>Before anything of a type is understood that came with an extension meanwhile.</summary>
    private async Task ReadTextTypesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_textTypesAreOld)
        {
            _textTypesAreOld = false;
            _textTypes = await CatalogReader.ReadTextTypesAsync(connection, cancellationToken);
        }
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));

    private static bool IsUntyped(uint type) => type is 0 or Unknown;

    private async Task<Analysed> GuardAsync(
        Func<NpgsqlConnection, Task<Analysed>> analyse, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _source.OpenLiveAsync(cancellationToken);
            _builtIns ??= await CatalogReader.ReadBuiltInsAsync(connection, cancellationToken);
            await ReadTextTypesAsync(connection, cancellationToken);
            return _builtIns.ServerVersion >= OldestServer
                ? await analyse(connection)
                : new Analysed.Opaque(
                    $"PostgreSQL {OldestServer} is the oldest that can say what a statement does.", IsTransient: false);
        }
        catch (ServerRefusedException refused)
        {
            return refused.Answer;
        }
        catch (TreeNotUnderstoodException error)
        {
            return new Analysed.Opaque(error.Message, IsTransient: false);
        }
        catch (InsufficientExecutionStackException)
        {
            return new Analysed.Opaque("It is nested too deep.", IsTransient: false);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException or InvalidOperationException
            or NotSupportedException or InvalidCastException)
        {
            return new Analysed.Opaque($"The resolver could not be asked: {error.Message}", IsTransient: true);
        }
    }

    private async Task<Analysed> AnalyseAsync(
        NpgsqlConnection connection, string text, ImmutableArray<uint> parameters, Meaning meaning,
        KnownFacts? known, CancellationToken cancellationToken)
    {
        var tree = parameters.Any(IsUntyped)
            ? await InferredAsync(connection, text, parameters, meaning, cancellationToken)
            : await ResolvedAsync(connection, text, parameters, meaning, cancellationToken);
        return QueryTree.All(tree) is [var query]
            ? new Analysed.Understood(await EffectsAsync(connection, query, meaning, known, cancellationToken))
            : new Analysed.Opaque("It is more than one statement.", IsTransient: false);
    }

    /// <summary>The tree of a statement whose parameters have types; the server says if some have not.</summary>
    private async Task<NodeValue> ResolvedAsync(
        NpgsqlConnection connection, string text, ImmutableArray<uint> parameters, Meaning meaning,
        CancellationToken cancellationToken)
    {
        try
        {
            return await TreeAsync(connection, text, parameters, meaning, cancellationToken);
        }
        catch (ServerRefusedException refused) when (
            refused.Answer is Analysed.Invalid { Error.SqlState: PostgresErrorCodes.UndefinedParameter })
        {
            return await InferredAsync(connection, text, parameters, meaning, cancellationToken);
        }
    }

    private async Task<NodeValue> InferredAsync(
        NpgsqlConnection connection, string text, ImmutableArray<uint> parameters, Meaning meaning,
        CancellationToken cancellationToken)
    {
        ImmutableArray<uint> declared = [.. parameters.Select(type => type == 0 ? Unknown : type)];
        var arguments = await ArgumentsAsync(connection, declared, cancellationToken);
        var body = new Resolver.Body(text, arguments, meaning);
        var types = await ServerRefusedException.UnlessAsync(
            Resolver.ParametersAsync(connection, body, _options, cancellationToken), body.PrepareLength);
        return await TreeAsync(connection, text, types, meaning, cancellationToken);
    }

    private async Task<NodeValue> TreeAsync(
        NpgsqlConnection connection, string text, ImmutableArray<uint> parameters, Meaning meaning,
        CancellationToken cancellationToken)
    {
        var (folded, types) = parameters.Length > MostParameters
            ? FoldedParameters.Of(text, parameters)
            : (text, parameters);
        if (types.Length > MostParameters)
        {
            throw new TreeNotUnderstoodException(
                $"Its parameters have {types.Length} types; {MostParameters} are the most that can be analysed.");
        }

        var arguments = await ArgumentsAsync(connection, types, cancellationToken);
        var body = new Resolver.Body(folded, arguments, meaning);
        return NodeText.Read(await ServerRefusedException.UnlessAsync(
            Resolver.TreeAsync(connection, body, _options, cancellationToken), body.HeadLength));
    }

    private async Task<string> ArgumentsAsync(
        NpgsqlConnection connection, ImmutableArray<uint> types, CancellationToken cancellationToken)
    {
        var known = _builtIns!.Types;
        var asked = types.Where(type => !known.ContainsKey(type)).ToHashSet();
        var names = asked.Count == 0
            ? []
            : await CatalogReader.ReadTypeNamesAsync(connection, asked, cancellationToken);
        return string.Join(", ", types.Select(type => known.GetValueOrDefault(type) ?? names.GetValueOrDefault(type)
            ?? throw new TreeNotUnderstoodException($"There is no type {type} for a parameter.")));
    }

    private async Task<Effects> EffectsAsync(
        NpgsqlConnection connection, QueryTree query, Meaning meaning, KnownFacts? known,
        CancellationToken cancellationToken)
    {
        var names = ResolvedNames.Of(query.Node);
        var facts = new CatalogFacts(_builtIns!, known);
        var effects = await WalkAsync(connection, meaning, facts, Walk, cancellationToken);
        if (known is null)
        {
            return effects;
        }

        if (effects.IsReadOnly)
        {
            known.Keep(facts);
            return effects;
        }

        // What it changes is not said from memory.
        return await EffectsAsync(connection, query, meaning, known: null, cancellationToken);

        Effects Walk(CatalogFacts facts)
        {
            var effects = new EffectsBuilder();
            new StatementWalk(facts, effects).Query(query, Standing.Caller);
            return effects.Build() with
            {
                Output = new Provenance(facts).Of(query), Catalog = facts.Fingerprint(names),
            };
        }
    }

    /// <summary>Walks again and again, until nothing is missing from the catalog.</summary>
    private async Task<Effects> WalkAsync(
        NpgsqlConnection connection, Meaning meaning, CatalogFacts facts, Func<CatalogFacts, Effects> walk,
        CancellationToken cancellationToken)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var effects = walk(facts);
            var missing = facts.TakeMissing();
            if (missing.IsEmpty)
            {
                return effects;
            }

            await LearnAsync(connection, missing, facts, meaning, cancellationToken);
        }

        throw new TreeNotUnderstoodException($"What it calls is nested more than {MostRounds} deep.");
    }

    private async Task LearnAsync(
        NpgsqlConnection connection, MissingFacts missing, CatalogFacts facts, Meaning meaning,
        CancellationToken cancellationToken)
    {
        await CatalogReader.ReadAsync(connection, missing, facts, cancellationToken);
        foreach (var function in missing.Bodies)
        {
            facts.Bodies[function] = await BodyAsync(connection, facts.Functions[function], meaning, cancellationToken);
        }

        if (!facts.Knows(missing))
        {
            throw new TreeNotUnderstoodException("The catalog changed while it was analysed; send it again.");
        }
    }

    /// <summary>
    /// The tree of a body that the catalog keeps as text, empty where the server does not take it as <c>BEGIN
    /// ATOMIC</c>. Names in it are looked up when it runs, in the caller's search path or its own.
    /// </summary>
    private async Task<string> BodyAsync(
        NpgsqlConnection connection, FunctionFacts function, Meaning meaning, CancellationToken cancellationToken)
    {
        var inside = meaning with { SearchPath = function.SearchPath ?? meaning.SearchPath };
        try
        {
            var body = new Resolver.Body(function.Source, function.Arguments, inside);
            return await Resolver.TreeAsync(connection, body, _options, cancellationToken);
        }
        catch (PostgresException)
        {
            // Whatever the reason, what it does stays unknown, and the statement is not pure.
            return "";
        }
    }
}
