package innkeep.documentstore;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.AbstractMongoCollection;
import de.bwaldvogel.mongo.backend.ArrayFilters;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DocumentWithPosition;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * One collection, a map from {@code _id} to the document's bytes.
 *
 * <p>A filter that names its {@code _id}s, alone or beside other conditions, is answered by looking them up; one that asks for
 * a range of strings reads that range; any other reads the collection. Writes are one at a time; reads wait for nobody.
 */
final class Documents extends AbstractMongoCollection<Object> {
  private final DocumentMap documents;

  Documents(
      MongoDatabase database, String name, CollectionOptions options, DocumentMap documents, CursorRegistry cursors) {
    super(database, name, options, cursors);
    this.documents = documents;
  }

  @Override
  protected QueryResult queryDocuments(
      Document query, Document order, int skip, int limit, int batch, Document fields) {
    Object condition = query.get("_id");
    List<Object> named = Keys.named(condition);
    if (named != null) {
      Document rest = Keys.withoutWhatNames(query);
      return matchDocumentsFromStream(decoded(named.stream()), rest, order, skip, limit, batch, fields);
    }
    Keys.Range range = Keys.range(condition);
    if (range != null) {
      Document sorting = Keys.areTheOrderOf(order) ? null : order;
      Stream<Object> within = keysFrom(range.lower()).takeWhile(range::reaches);
      return matchDocumentsFromStream(decoded(within), query, sorting, skip, limit, batch, fields);
    }
    return matchDocuments(query, order, skip, limit, batch, fields);
  }

  @Override
  protected QueryResult matchDocuments(
      Document query, Document order, int skip, int limit, int batch, Document fields) {
    Stream<Document> all = decoded(keysFrom(null));
    if (isNaturalDescending(order)) {
      List<Document> reversed = new ArrayList<>(all.toList());
      Collections.reverse(reversed);
      all = reversed.stream();
    }
    return matchDocumentsFromStream(all, query, order, skip, limit, batch, fields);
  }

  /** Decodes no more than the first batch at once, unless the documents have to be sorted. */
  @Override
  protected QueryResult matchDocumentsFromStream(
      Document query,
      Stream<Document> candidates,
      int skip,
      int limit,
      int batch,
      Comparator<Document> order,
      Document fields) {
    if (order != null || fields != null && !fields.isEmpty()) {
      return super.matchDocumentsFromStream(query, candidates, skip, limit, batch, order, fields);
    }
    Stream<Document> matching = candidates.filter(document -> documentMatchesQuery(document, query)).skip(skip);
    return inBatches((limit > 0 ? matching.limit(limit) : matching).iterator(), batch);
  }

  @Override
  protected QueryResult createQueryResult(List<Document> matched, int batch) {
    return inBatches(matched.iterator(), batch);
  }

  private QueryResult inBatches(Iterator<Document> matching, int batch) {
    List<Document> first = ScanCursor.take(matching, batch > 0 ? batch : Integer.MAX_VALUE);
    if (!matching.hasNext()) {
      return new QueryResult(first);
    }
    ScanCursor rest = new ScanCursor(cursorRegistry.generateCursorId(), matching);
    cursorRegistry.add(rest);
    return new QueryResult(first, rest);
  }

  private Stream<Object> keysFrom(Object first) {
    Iterable<Object> keys = () -> documents.keysFrom(first);
    return StreamSupport.stream(keys.spliterator(), false);
  }

  private Stream<Document> decoded(Stream<Object> keys) {
    return keys.map(documents::get).filter(Objects::nonNull).map(Bson::decode);
  }

  /** A replacement of one document named by its {@code _id} takes one look-up and one write; the rest goes the long way. */
  @Override
  public synchronized Document updateDocuments(
      Document filter, Document update, ArrayFilters arrays, boolean multi, boolean upsert, Oplog oplog) {
    Object id = filter.get("_id");
    if (!multi && id instanceof String && isReplacementOf(id, update) && getIndexes().size() == 1) {
      byte[] stored = documents.get(id);
      if (stored != null && documentMatchesQuery(Bson.decode(stored), filter)) {
        return replace(id, stored, update);
      }
    }
    return super.updateDocuments(filter, update, arrays, multi, upsert, oplog);
  }

  private static boolean isReplacementOf(Object id, Document update) {
    return update.keySet().stream().noneMatch(key -> key.startsWith("$"))
        && (!update.containsKey("_id") || id.equals(update.get("_id")));
  }

  private Document replace(Object id, byte[] stored, Document update) {
    Document replacement = new Document("_id", id);
    replacement.putAll(update);
    byte[] bytes = Bson.encode(replacement);
    boolean changed = !Arrays.equals(stored, bytes);
    if (changed) {
      documents.put(id, bytes);
    }
    return new Document("n", 1).append("nModified", changed ? 1 : 0);
  }

  @Override
  protected Object addDocumentInternal(Document document) {
    Object key = getIdField() == null ? UUID.randomUUID() : Keys.of(document.get(getIdField()));
    documents.put(key, Bson.encode(document));
    return key;
  }

  @Override
  protected void handleUpdate(Object position, Document before, Document after) {
    documents.put(position, Bson.encode(after));
  }

  @Override
  protected void removeDocument(Object position) {
    documents.remove(position);
  }

  @Override
  protected Document getDocument(Object position) {
    return Bson.decode(documents.get(position));
  }

  @Override
  protected Stream<DocumentWithPosition<Object>> streamAllDocumentsWithPosition() {
    return keysFrom(null).map(key -> new DocumentWithPosition<>(getDocument(key), key));
  }

  @Override
  public int count() {
    return Math.toIntExact(documents.size());
  }

  @Override
  public boolean isEmpty() {
    return documents.size() == 0;
  }

  @Override
  protected boolean tracksDataSize() {
    return false;
  }

  @Override
  protected void updateDataSize(int delta) {}

  @Override
  protected int getDataSize() {
    return Math.toIntExact(keysFrom(null).map(documents::get).filter(Objects::nonNull).mapToLong(bytes -> bytes.length).sum());
  }

  @Override
  public synchronized void addIndex(Index<Object> index) {
    super.addIndex(index);
  }

  @Override
  public synchronized void addDocument(Document document) {
    super.addDocument(document);
  }

  @Override
  public synchronized Document findAndModify(Document query) {
    return super.findAndModify(query);
  }

  @Override
  public synchronized int deleteDocuments(Document filter, int limit, Oplog oplog) {
    return super.deleteDocuments(filter, limit, oplog);
  }
}
