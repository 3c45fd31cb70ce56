using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel;

/// <summary>Finds a time zone by its IANA name; null when there is none. The host owns the zone database.</summary>
public delegate TimeZoneInfo? FindTimeZone(string name);

/// <summary>
/// The facts and host functions that expressions may name. A fact is one typed value with a dotted name, such as
/// <c>sql.verbs</c>; the part before the last dot is only a group and no value.
/// </summary>
public sealed class FactSchema
{
    private readonly FrozenDictionary<string, Fact> _facts;
    private readonly FrozenDictionary<string, ImmutableArray<FactFunction>> _functions;

    private FactSchema(Builder builder)
    {
        Facts = [.. builder.Facts];
        Functions = [.. builder.Functions];
        FindTimeZone = builder.FindTimeZone;
        _facts = Facts.ToFrozenDictionary(static fact => fact.Name);
        _functions = Functions
            .GroupBy(static function => function.Name)
            .ToFrozenDictionary(static group => group.Key, static group => group.ToImmutableArray());
    }

    public static FactSchema Empty { get; } = new Builder().Build();

    public ImmutableArray<Fact> Facts { get; }

    public ImmutableArray<FactFunction> Functions { get; }

    public FindTimeZone? FindTimeZone { get; }

    public bool TryGetFact(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Fact? fact) =>
        _facts.TryGetValue(name, out fact);

    internal ImmutableArray<FactFunction> FunctionsNamed(string name) =>
        _functions.TryGetValue(name, out var overloads) ? overloads : [];

    internal bool IsGroup(string name) =>
        Names.Any(known => known.Length > name.Length && known[name.Length] == '.'
            && known.StartsWith(name, StringComparison.Ordinal));

    internal IEnumerable<string> Names =>
        Facts.Select(static fact => fact.Name).Concat(Functions.Select(static function => function.Name));

    /// <summary>Collects facts and functions; names may not come twice, except overloads of a function.</summary>
    public sealed class Builder
    {
        internal List<Fact> Facts { get; } = [];

        internal List<FactFunction> Functions { get; } = [];

        public FindTimeZone? FindTimeZone { get; set; }

        /// <summary>
        /// Declares a fact. The cost estimate trusts its sizes: elements of a list or map, UTF-16 code units of a
        /// string, octets of bytes. A larger value becomes an error when it is set; what a collection holds is not
        /// measured.
        /// </summary>
        public Fact Add(string name, CelType type, int maxElements = 1_000, int maxLength = 4_096)
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            if (Facts.Exists(known => known.Name == name))
            {
                throw new ArgumentException($"the fact '{name}' is declared twice", nameof(name));
            }

            var fact = new Fact(Facts.Count, name, type, maxElements, maxLength);
            Facts.Add(fact);
            return fact;
        }

        /// <summary>
        /// Declares one overload of a function whose body each frame supplies. Where every argument is a constant,
        /// <paramref name="refuse"/> may say why the function will never answer, and the expression is refused.
        /// </summary>
        public FactFunction AddFunction(
            string name, ImmutableArray<CelType> parameters, CelType result, RefuseConstants? refuse = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            var function = new FactFunction(Functions.Count, name, parameters, result) { Refuse = refuse };
            Functions.Add(function);
            return function;
        }

        public FactSchema Build() => new(this);
    }
}
