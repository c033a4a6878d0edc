package innkeep.documentstore;

import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Turns what a filter says about {@code _id} into the keys of the map that holds the documents. */
final class Keys {
  private static final Set<String> BOUNDS = Set.of("$gt", "$gte", "$lt", "$lte");

  /** Strings from {@code lower} to {@code upper}; null is no bound. The filter itself still decides about each document. */
  record Range(String lower, String upper) {
    boolean reaches(Object key) {
      return key instanceof String text && (upper == null || text.compareTo(upper) <= 0);
    }
  }

  private Keys() {}

  /** 1 and 1.0 are one key, as they are one {@code _id} to MongoDB. */
  static Object of(Object id) {
    return Missing.ofNullable(new KeyValue(id).normalized().get(0));
  }

  /** The only keys that can match a filter, in ascending order, or null when the filter does not name them. */
  static List<Object> named(Object condition) {
    if (isPlain(condition)) {
      return List.of(of(condition));
    }
    if (condition instanceof Document operators) {
      if (isPlain(operators.get("$eq"))) {
        return List.of(of(operators.get("$eq")));
      }
      if (operators.get("$in") instanceof Collection<?> ids && ids.stream().allMatch(Keys::isPlain)) {
        return ascending(ids);
      }
    }
    return null;
  }

  /** What is left to ask of documents found by {@link #named}: comparing each with all the names would cost their square. */
  static Document withoutWhatNames(Document query) {
    if (query.get("_id") instanceof Document operators && operators.size() > 1) {
      return query;
    }
    Document rest = new Document();
    rest.putAll(query);
    rest.remove("_id");
    return rest;
  }

  /** The range of strings that a filter asks for, or null when it asks for something else. */
  static Range range(Object condition) {
    if (!(condition instanceof Document operators)
        || operators.isEmpty()
        || !BOUNDS.containsAll(operators.keySet())
        || !operators.values().stream().allMatch(String.class::isInstance)) {
      return null;
    }
    String lower = (String) operators.getOrDefault("$gte", operators.get("$gt"));
    String upper = (String) operators.getOrDefault("$lte", operators.get("$lt"));
    return lower == null ? null : new Range(lower, upper);
  }

  /** Whether a wanted order is the one that the keys have anyway. */
  static boolean areTheOrderOf(Document order) {
    return order != null && order.size() == 1 && order.get("_id") instanceof Number way && way.intValue() == 1;
  }

  private static List<Object> ascending(Collection<?> ids) {
    Set<Object> sorted = new TreeSet<>(ValueComparator.asc());
    sorted.addAll(ids);
    List<Object> keys = new ArrayList<>(sorted.size());
    sorted.forEach(id -> keys.add(of(id)));
    return keys;
  }

  private static boolean isPlain(Object value) {
    return value != null
        && !(value instanceof Document)
        && !(value instanceof Collection)
        && !BsonRegularExpression.isRegularExpression(value);
  }
}
